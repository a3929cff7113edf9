import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import type { SourceUpdate } from '#model';

import { NetworkNamespace } from '../../libs/lab/network-namespace.ts';
import { describeKernel } from '../support/kernel.ts';
import { repositoryRoot } from '../support/shared.ts';

const PATIENCE_MS = 60_000;
const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'];
const LISTEN = "require('net').createServer().listen(0,'::',function(){console.log(this.address().port)})";

describeKernel('who may see whose a socket is', () => {
  let namespace: NetworkNamespace;
  const listening: ChildProcess[] = [];
  const ports: number[] = [];
  const start = (prefix: readonly string[], args: readonly string[]): ChildProcess => {
    const [command = '', ...rest] = [...prefix, process.execPath, ...args];
    return namespace.run(() => spawn(command, rest, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } }));
  };

  beforeAll(async () => {
    namespace = new NetworkNamespace();
    for (const prefix of [[], NOBODY]) {
      const child = start(prefix, ['-e', LISTEN]);
      listening.push(child);
      const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
      ports.push(Number(line));
    }
  }, PATIENCE_MS);
  afterAll(() => {
    for (const child of listening) child.kill('SIGKILL');
    namespace.close();
  });

  /** What a source with these capabilities alone tells at its first look: the ports it found holders of, and what it found wrong. */
  async function seen(capabilities: readonly string[]): Promise<{ readonly ports: readonly number[]; readonly codes: readonly string[] }> {
    const set = ['-all', ...capabilities.map((name) => `+${name}`)].join();
    const child = start(['setpriv', `--bounding-set=${set}`, `--inh-caps=${set}`, '--no-new-privs', '--'], ['--conditions=source', '--disable-warning=ExperimentalWarning', join(repositoryRoot, 'test/support/host-source-process.ts'), 'node-a']);
    const updates: SourceUpdate[] = [];
    for await (const line of createInterface({ input: child.stdout! })) {
      const said = JSON.parse(line) as { readonly updates?: readonly SourceUpdate[]; readonly inSync?: boolean };
      updates.push(...(said.updates ?? []));
      if (said.inSync === true) break;
    }
    child.kill('SIGKILL');
    const values = updates.flatMap(({ value }) => (value?.kind === 'container' || value?.kind === 'container-host' ? [value] : []));
    return { ports: values.flatMap((value) => (value.kind === 'container' ? value.pod.ports.map(({ port }) => port) : [])).sort(), codes: values.flatMap(({ diagnostics }) => diagnostics.map(({ code }) => code)) };
  }

  it('needs both capabilities for all there are, and says so where it has them not', async () => {
    const unseen = { codes: ['host-programs-unseen'] };
    expect(await seen(['net_admin'])).toEqual({ ports: [], ...unseen });
    expect(await seen(['net_admin', 'sys_ptrace'])).toEqual({ ports: [ports[0]], ...unseen });
    expect(await seen(['net_admin', 'sys_ptrace', 'dac_read_search'])).toEqual({ ports: [...ports].sort(), codes: [] });
  }, PATIENCE_MS);
});
