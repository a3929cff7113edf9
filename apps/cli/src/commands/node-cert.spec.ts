import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openAuthority, Revocations } from '#certificates';

import { commandLine } from '../command-line.ts';
import { schemas } from '../schemas/published.ts';

let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ringfence-'));
  await openAuthority(folder, Date.now());
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function cert(...args: readonly string[]): Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }> {
  const said = { status: -1, stdout: '', stderr: '' };
  const terminal = { out: (text: string) => { said.stdout += text; }, err: (text: string) => { said.stderr += text; }, progress: () => undefined, readStdin: () => '', ask: () => undefined, columns: 100 };
  const program = commandLine('0.0.0', terminal, (code) => { said.status = code; });
  await program.parseAsync(['node', 'cert', ...args], { from: 'user' });
  return said;
}

describe('ringfence node cert', () => {
  it('issues none whose file would be that of the authority', async () => {
    const out = join(folder, 'out');
    const said = await cert('CA', '--state', folder, '--out', out);
    expect([said.status, said.stderr, readdirSync(folder)]).toEqual([2, expect.stringContaining('ca.crt'), ['authority']]);
  });

  it('issues a certificate of the controller’s authority, for its owner alone', async () => {
    const out = join(folder, 'out');
    const said = await cert('n1', '--state', folder, '--out', out, '-o', 'json');
    expect([said.status, said.stderr]).toEqual([0, '']);
    const answer: unknown = JSON.parse(said.stdout);
    expect(schemas['node cert']?.safeParse(answer).success).toBe(true);
    expect(answer).toMatchObject({ node: 'n1', files: { key: join(out, 'n1.key') } });
    const certificate = new X509Certificate(readFileSync(join(out, 'n1.crt')));
    expect([certificate.subjectAltName, certificate.checkIssued(new X509Certificate(readFileSync(join(out, 'ca.crt'))))]).toEqual(['URI:ringfence://node/n1', true]);
    expect(statSync(join(out, 'n1.key')).mode & 0o777).toBe(0o600);
    expect(said.stdout).not.toContain('PRIVATE');
  });

  it('says how to go on', async () => {
    const said = await cert('n1', '--state', folder, '--out', folder);
    expect(said.stdout.split('\n')).toEqual([join(folder, 'n1.crt'), join(folder, 'n1.key'), join(folder, 'ca.crt'), '']);
    expect(said.stderr).toMatch(/good until \d{4}-\d\d-\d\d; on the node: ringfence-enforcer --controller HOST:PORT --cert n1.crt --key n1.key --ca ca.crt/);
  });

  it.each([['issues', []], ['revokes', ['--revoke']]])('%s nothing where there is no authority, and makes none', async (_what, args) => {
    const state = join(folder, 'mistyped');
    const said = await cert('n1', '--state', state, '--out', join(folder, 'out'), ...args);
    expect([said.status, said.stdout, said.stderr, readdirSync(folder)]).toEqual([2, '', expect.stringContaining(`no certificate authority in ${state}: start the controller`), ['authority']]);
  });

  it('revokes', async () => {
    await cert('n1', '--state', folder, '--out', folder);
    expect(await cert('n1', '--state', folder, '--revoke')).toEqual({ status: 0, stdout: '1 certificates of node n1 are no longer good\n', stderr: '' });
    const revocations = new Revocations(folder, () => undefined);
    expect(revocations.has(new X509Certificate(readFileSync(join(folder, 'n1.crt'))).serialNumber)).toBe(true);
    expect(await cert('n2', '--state', folder, '--revoke', '-o', 'json')).toMatchObject({ status: 1, stdout: expect.stringContaining('"revoked": 0') });
  });

  it.each<[string, readonly string[], string]>([
    ['no name', [], 'give the name of a node'],
    ['a name that is a path', ['../n1'], 'give the name of a node'],
    ['no time at all', ['n1', '--days', '0'], 'it lasts 1 to 825 days'],
    ['a time that is none', ['n1', '--days', 'soon'], 'it lasts 1 to 825 days'],
  ])('refuses %s', async (_what, args, why) => {
    expect(await cert(...args, '--state', folder, '--out', folder)).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining(why) });
  });
});
