import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type ProposedRule, type WorkloadRef, workloadKey } from '#model';

import { compose } from '../contract/engine-contract.ts';
import { waitFor } from '../support/controller-world.ts';
import { DockerDaemon, whyNoDocker } from '../support/docker-daemon.ts';
import { LiveHosts } from '../support/live-hosts.ts';
import { EnforcerProcess } from './enforcer-process.ts';

const PATIENCE_MS = 120_000;
const NODE = 'host-a';
const GREETING = 'hello';
const WAIT_MS = 2_000;
/** Says again what it is told, on two ports, in both families. */
const SERVER = ['sh', '-c', 'nc -ll -p 9090 -e cat & exec nc -ll -p 8080 -e cat'];
const service = (name: string): WorkloadRef => ({ namespace: 'shop', kind: 'ComposeService', name });
const [db, web] = [service('db'), service('web')];
const intruder: WorkloadRef = { namespace: NODE, kind: 'Container', name: 'intruder' };

const obstacle = whyNoDocker();
if (obstacle === undefined) describe('a Docker host and its controller', onDocker);
else it.skip(`a Docker host and its controller (skipped: ${obstacle})`, () => undefined);

function onDocker(): void {
  let daemon: DockerDaemon;
  let hosts: LiveHosts;
  let enforcer: EnforcerProcess;
  let folder: string;
  const processOf = new Map<string, number>();
  const addressesOf = new Map<string, readonly string[]>();
  const clients: ChildProcess[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ringfence-'));
    daemon = await DockerDaemon.start();
    const { control } = daemon;
    await control.makeNetwork({ name: 'back', blocks: ['10.72.0.0/24', 'fd00:72::/64'] });
    await control.run({ name: 'db', labels: compose('shop', 'db'), networks: { back: ['db'] }, command: SERVER });
    await control.run({ name: 'web', labels: compose('shop', 'web'), networks: { back: ['web'] }, command: SERVER, environment: ['DB_URL=http://db:8080'] });
    await control.run({ name: 'intruder', networks: { back: [] }, command: SERVER });
    hosts = await LiveHosts.start();
    const args = [...await hosts.argumentsOf(NODE), '--docker', daemon.socketPath];
    enforcer = new EnforcerProcess({ folder, namespace: { path: daemon.networkPath, run: (body) => body() } }, { args, isOutside: true });
  }, PATIENCE_MS);
  afterAll(async () => {
    for (const client of clients) client.kill('SIGKILL');
    await enforcer.end('SIGKILL');
    await hosts.close();
    await daemon.close();
    rmSync(folder, { recursive: true });
  }, PATIENCE_MS);

  const look = async (...names: readonly string[]): Promise<void> => {
    for (const name of names) {
      const { State, NetworkSettings } = (await daemon.control.call('GET', `/containers/${name}/json`)) as { readonly State: { readonly Pid: number }; readonly NetworkSettings: { readonly Networks: { readonly back: { readonly IPAddress: string; readonly GlobalIPv6Address: string } } } };
      processOf.set(name, State.Pid);
      addressesOf.set(name, [NetworkSettings.Networks.back.IPAddress, NetworkSettings.Networks.back.GlobalIPv6Address]);
    }
  };
  const connect = (from: string, address: string, port: number): ChildProcess => {
    const client = daemon.spawn('busybox', ['nc', address, String(port)], processOf.get(from)!);
    clients.push(client);
    client.stdin?.on('error', () => undefined);
    return client;
  };
  /** Whether one container reaches another on a port, one for each family. */
  const reaches = async (from: string, to: string, port = 8080): Promise<readonly boolean[]> =>
    await Promise.all(addressesOf.get(to)!.map(async (address) => {
      const client = connect(from, address, port);
      const isAnswered = await echoes(client);
      client.kill('SIGKILL');
      return isAnswered;
    }));
  const [open, shut] = [[true, true], [false, false]];

  it('is learned by its services, from what they say and what they do', async () => {
    await look('db', 'web', 'intruder');
    await waitFor(hosts.controller, () => hosts.controller.operator.review(db), (item) => item !== undefined, 'the database');
    expect(await reaches('web', 'db')).toEqual(open);
    const isSeen = ({ rules }: { readonly rules: readonly ProposedRule[] }): boolean => rules.some(({ evidence }) => evidence.some(({ kind }) => kind === 'observed'));
    await waitFor(hosts.controller, () => hosts.controller.operator.review(db), (item) => item?.proposal.ingress.kind === 'closed' && isSeen(item.proposal.ingress), 'a rule of what was seen');
    expect((await hosts.run('show', workloadKey(db))).out).toMatch(/from shop\/ComposeService\/web, 8080\/TCP[^]*declared and observed/);
    expect((await hosts.run('graph')).out).toMatch(/ComposeService\/db +8080\/TCP/);
    expect((await hosts.run('nodes')).out).toMatch(/host-a +connected +realised/);
  }, PATIENCE_MS);

  it('once that is approved and enforced, lets in who it is about and ends who is in already and it is not about', async () => {
    const kept = addressesOf.get('db')!.map((address) => connect('web', address, 8080));
    const ended = addressesOf.get('db')!.map((address) => connect('intruder', address, 8080));
    const alive = (connections: readonly ChildProcess[]): Promise<readonly boolean[]> => Promise.all(connections.map(echoes));
    expect([await alive(kept), await alive(ended), await reaches('intruder', 'db', 9090)]).toEqual([open, open, open]);
    for (const workload of [db, web]) expect(await hosts.approve(workload)).toMatchObject({ kind: 'done' });
    await hosts.enforced(NODE);
    // approved is not enforced
    expect([await alive(ended), await reaches('intruder', 'db')]).toEqual([open, open]);
    await hosts.setMode(db, 'enforce');
    await waitFor(hosts.controller, () => alive(ended), (answers) => answers.every((answer) => !answer), 'the end of the intruder');
    expect([await alive(kept), await reaches('web', 'db'), await reaches('intruder', 'db'), await reaches('web', 'db', 9090)]).toEqual([open, open, shut, shut]);
    expect(await reaches('intruder', 'web')).toEqual(open);
  }, PATIENCE_MS);

  it.each([['web', 8080, 'allow'], ['intruder', 8080, 'deny'], ['web', 9090, 'deny']] as const)('why says of %s to the database on %i: %s, in both families', async (from, port, decision) => {
    const { out } = await hosts.run('why', workloadKey(from === 'web' ? web : intruder), workloadKey(db), `${String(port)}/TCP`, '-o', 'json');
    const { connections } = JSON.parse(out) as { readonly connections: readonly { readonly decision: string; readonly alike: number }[] };
    expect(connections.map((each) => each.decision)).toEqual(connections.map(() => decision));
    expect(connections.reduce((sum, { alike }) => sum + alike, 0)).toBeGreaterThanOrEqual(2);
  });

  it('a container that comes later is what its labels say, and no more', async () => {
    await daemon.control.run({ name: 'web-2', labels: compose('shop', 'web'), networks: { back: ['web'] }, command: SERVER });
    await daemon.control.run({ name: 'intruder-2', networks: { back: [] }, command: SERVER });
    await look('web-2', 'intruder-2');
    await waitFor(hosts.controller, () => reaches('web-2', 'db'), (answers) => answers.every((answer) => answer), 'the second replica');
    expect(await reaches('intruder-2', 'db')).toEqual(shut);
  }, PATIENCE_MS);

  it('is told of what was refused', async () => {
    const { out } = await waitFor(hosts.controller, () => hosts.run('flows'), (ran) => ran.out.includes('host-a/Container/intruder'), 'the refused');
    expect(out).toContain('shop/ComposeService/db');
  }, PATIENCE_MS);
}

/** Whether what is said on a connection comes back, in a while. */
async function echoes(client: ChildProcess): Promise<boolean> {
  if (client.exitCode !== null || client.signalCode !== null) return false;
  return await new Promise((resolve) => {
    const end = (isAnswered: boolean): void => {
      clearTimeout(patience);
      client.stdout?.off('data', hear);
      client.off('close', refuse);
      resolve(isAnswered);
    };
    const hear = (text: Buffer): void => {
      if (text.toString('utf8').includes(GREETING)) end(true);
    };
    const refuse = (): void => {
      end(false);
    };
    const patience = setTimeout(refuse, WAIT_MS);
    client.stdout?.on('data', hear);
    client.once('close', refuse);
    client.stdin?.write(`${GREETING}\n`);
  });
}
