import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { schemas } from '../apps/cli/src/schemas/published.ts';
import { repositoryRoot } from './support/shared.ts';
import { withFolder } from './support/temporary-folder.ts';

/*
 * The command line as users and scripts call it: the built program, in a process of its own.
 */
const program = join(repositoryRoot, 'bin', 'ringfence');
const examples = join(repositoryRoot, 'policies', 'examples');
const shop = join(examples, 'shop', 'kubernetes');
/** Commands that only ask a controller: test/cli-live.spec.ts. */
const live = new Set(['admit', 'approve', 'edit', 'flows', 'journal', 'mode', 'nodes', 'outputs', 'proposals', 'reject', 'revisions', 'rollback', 'show', 'status', 'why']);
const everyCommand = Object.keys(schemas).filter((name) => !name.includes(' '));
/** Commands on files; the lab's need root and have specs of their own. */
const commands = everyCommand.filter((name) => !live.has(name));
const isBuilt = existsSync(join(repositoryRoot, 'dist', 'apps', 'cli', 'src', 'main.js'));

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(args: readonly string[], { input = '', cwd = repositoryRoot, as = program }: { readonly input?: string; readonly cwd?: string; readonly as?: string } = {}): Ran {
  const { status, stdout, stderr } = spawnSync(as, args, { input, cwd, encoding: 'utf8', maxBuffer: 1 << 28, timeout: 60_000 });
  return { status, stdout, stderr };
}

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: registry.example/web, env: [{name: API, value: "http://api:8080"}]}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec: {selector: {matchLabels: {app: api}}, template: {metadata: {labels: {app: api}}, spec: {containers: [{name: api, image: registry.example/api, ports: [{containerPort: 8080}]}]}}}
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec: {selector: {app: api}, ports: [{port: 8080}]}
`;

const POLICY = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec: {podSelector: {matchLabels: {app: api}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 8080}]}]}
`;

const CASE = {
  name: 'one',
  source: { repo: 'example', path: 'one', commit: '0', license: 'Apache-2.0' },
  namespaces: [{ name: 'shop', labels: {} }],
  pods: ['web', 'api', 'other'].map((name, at) => ({ name, namespace: 'shop', labels: { app: name }, ips: [`10.0.0.${String(at + 1)}`], ports: [{ port: 8080, protocol: 'TCP' }] })),
  policies: [{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'api', namespace: 'shop' }, spec: { podSelector: { matchLabels: { app: 'api' } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }] }] } }],
  probes: [
    { from: 'shop/web', to: 'shop/api', port: 8080, protocol: 'TCP', expected: 'allow' },
    { from: 'shop/other', to: 'shop/api', port: 8080, protocol: 'TCP', expected: 'deny' },
  ],
};

/** Of simulate: with paths, and asked of a controller. */
const OBJECT = { type: 'object', additionalProperties: false };

const describeBuilt = isBuilt ? describe : describe.skip;

describeBuilt(`bin/ringfence${isBuilt ? '' : ' (skipped: not built, npm run build makes it)'}`, () => {
  it('lists its commands, and each of them has help', () => {
    const { status, stdout, stderr } = run(['--help']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    for (const command of everyCommand) {
      expect(stdout).toContain(`  ${command} `);
      expect(run([command, '--help'])).toMatchObject({ status: 0, stderr: '' });
    }
  });

  it('works from another directory and through a link', () => {
    withFolder({ 'web.yaml': DEPLOYMENT }, (folder) => {
      const link = join(folder, 'rf');
      symlinkSync(program, link);
      const here = run(['graph', 'web.yaml', '-o', 'json'], { cwd: folder });
      expect(here.status).toBe(0);
      expect(run(['graph', 'web.yaml', '-o', 'json'], { cwd: folder, as: link })).toEqual(here);
      expect((JSON.parse(here.stdout) as { edges: unknown[] }).edges).toHaveLength(1);
    });
  });

  describe('results as JSON', () => {
    const calls: Readonly<Record<string, (folder: string) => readonly string[]>> = {
      graph: () => [join(examples, 'shop')],
      generate: () => [shop],
      explain: () => [shop, '--from', 'shop/Deployment/storefront', '--to', 'shop/Deployment/products', '--port', '8080/TCP'],
      diff: (folder) => [join(folder, 'old'), join(folder, 'new')],
      simulate: () => [shop, '--flows', join(examples, 'flows', 'shop.jsonl')],
      verify: () => [shop, '--invariants', join(examples, 'invariants', 'shop.yaml')],
      check: (folder) => [join(folder, 'cases.jsonl')],
    };

    it('is there for every command', () => {
      expect(Object.keys(calls).sort()).toEqual([...commands].sort());
    });

    it.each(Object.keys(calls))('%s prints what its published schema says, on stdout alone', (command) => {
      withFolder({ 'old/web.yaml': DEPLOYMENT, 'new/web.yaml': DEPLOYMENT, 'new/policy.yaml': POLICY, 'cases.jsonl': `${JSON.stringify(CASE)}\n` }, (folder) => {
        const { status, stdout } = run([command, ...calls[command]!(folder), '-o', 'json']);
        expect([0, 1]).toContain(status);
        const result = schemas[command]!.safeParse(JSON.parse(stdout));
        expect(result.success ? [] : result.error.issues.slice(0, 5)).toEqual([]);
      });
    });

    it.each(everyCommand)('%s --schema prints that schema', (command) => {
      const { status, stdout, stderr } = run([command, '--schema']);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(JSON.parse(stdout)).toMatchObject({ title: `ringfence ${command} -o json`, ...(command === 'simulate' ? { anyOf: [OBJECT, OBJECT] } : OBJECT) });
    });

    it('generate has its nftables form too', () => {
      const { stdout } = run(['generate', shop, '--target', 'nftables', '--nodes', '2', '-o', 'json']);
      const { success, data } = schemas['generate']!.safeParse(JSON.parse(stdout));
      expect(success).toBe(true);
      expect(data).toMatchObject({ target: 'nftables', hasExampleAddresses: true });
      expect((data as { artefacts: unknown[] }).artefacts).toHaveLength(2);
    });
  });

  describe('exit codes', () => {
    const cases = (expected: string): string => JSON.stringify({ ...CASE, probes: [{ ...CASE.probes[0], expected }] });
    it.each<readonly [string, number, readonly string[]]>([
      ['0 where all is fine', 0, ['graph', 'ok.yaml']],
      ['0 where checks pass', 0, ['check', 'good.jsonl']],
      ['0 where nothing changed', 0, ['diff', 'old', 'old', '--exit-code']],
      ['0 for a difference nobody asked about', 0, ['diff', 'old', 'new']],
      ['1 for findings of check', 1, ['check', 'bad.jsonl']],
      ['1 for a difference, if asked', 1, ['diff', 'old', 'new', '--exit-code']],
      ['1 for an invariant that does not hold', 1, ['verify', 'ok.yaml', '--invariants', 'invariants.yaml']],
      ['2 for a path that is not there', 2, ['graph', 'nowhere.yaml']],
      ['2 for input that is not complete', 2, ['graph', 'broken.yaml']],
      ['2 where no controller answers', 2, ['graph', '--server', 'http://127.0.0.1:9']],
      ['2 for an unknown command', 2, ['paint']],
      ['2 for an unknown option', 2, ['graph', '--loud', 'ok.yaml']],
      ['2 for an option value that is none', 2, ['graph', 'ok.yaml', '-o', 'poem']],
      ['2 for a number of nodes that is none', 2, ['generate', 'ok.yaml', '--nodes', '0']],
      ['2 for an end that is not there', 2, ['explain', 'ok.yaml', '--from', 'shop/Deployment/nobody', '--to', 'shop/Deployment/api', '--port', '8080/TCP']],
    ])('%s', (_what, wanted, args) => {
      const invariants = 'apiVersion: ringfence.io/v1alpha1\nkind: InvariantSet\nmetadata: {name: x}\nspec:\n  invariants:\n  - {name: closed, never: {from: {namespace: shop, labels: {app: web}}, to: {namespace: shop, labels: {app: api}}}}\n';
      const files = { 'ok.yaml': DEPLOYMENT, 'broken.yaml': 'a: [', 'good.jsonl': cases('allow'), 'bad.jsonl': cases('deny'), 'old/a.yaml': DEPLOYMENT, 'new/a.yaml': DEPLOYMENT, 'new/b.yaml': POLICY, 'invariants.yaml': invariants };
      withFolder(files, (cwd) => {
        const { status, stderr } = run(args, { cwd });
        expect(status).toBe(wanted);
        if (wanted === 2) expect(stderr).not.toBe('');
        expect(stderr).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m);
      });
    });
  });

  it.each(['evaluate', 'trace'])('check --engine %s ends with the count of probes', (engine) => {
    withFolder({ 'cases.jsonl': `${JSON.stringify(CASE)}\n${JSON.stringify({ ...CASE, name: 'two', disputed: 'upstream is wrong' })}\n` }, (cwd) => {
      const { status, stdout } = run(['check', 'cases.jsonl', '--engine', engine], { cwd });
      expect(status).toBe(0);
      expect(stdout.trimEnd().split('\n').at(-1)).toBe('2 passed, 0 failed, 2 skipped');
    });
  });

  it('reads standard input for -', () => {
    const { status, stdout } = run(['graph', '-', '-o', 'json'], { input: DEPLOYMENT });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ edges: [{ from: { name: 'web' }, to: { name: 'api' }, port: 8080 }], diagnostics: [] });
  });

  describe('hostile input', () => {
    const long = 'n'.repeat(10_000);
    const bomb = `a: &a [x, x, x, x, x, x, x, x, x]\n${Array.from('bcdefghi', (name, at) => `${name}: &${name} [${Array.from({ length: 9 }, () => `*${'abcdefgh'[at]!}`).join(', ')}]`).join('\n')}\n`;
    const withSpec = (spec: string): string => `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: x, namespace: shop}\nspec: ${spec}\n`;
    it.each<readonly [string, string]>([
      ['broken YAML', 'kind: [\n  - {'],
      ['duplicate keys', 'apiVersion: v1\nkind: Service\nkind: Pod\nmetadata: {name: x}\n'],
      ['an alias bomb', `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n${bomb}`],
      ['a name of 10,000 characters', `apiVersion: v1\nkind: Service\nmetadata: {name: ${long}, namespace: ${long}}\nspec: {selector: {app: api}}\n`],
      ['endPort below port', withSpec('{podSelector: {}, ingress: [{ports: [{port: 90, endPort: 80}]}]}')],
      ['a field nobody knows', withSpec('{podSelector: {}, ingress: [{form: []}]}')],
      ['a terminal escape', `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: "x\\e[2J", namespace: shop}\nspec: {podSelector: {}}\n`],
    ])('%s is said with its file, opens nothing, and the rest is read', (_what, text) => {
      withFolder({ 'a.yaml': text, 'b.yaml': DEPLOYMENT }, (folder) => {
        const { stdout, stderr, status } = run(['graph', folder, '-o', 'json']);
        const { edges, diagnostics } = JSON.parse(stdout) as { readonly edges: readonly unknown[]; readonly diagnostics: readonly { readonly file?: string; readonly hint: string; readonly message: string }[] };
        expect(edges).toHaveLength(1);
        expect(diagnostics.length).toBeGreaterThan(0);
        for (const { file, hint, message } of diagnostics) {
          expect(file).toBe(join(folder, 'a.yaml'));
          expect(hint).not.toBe('');
          expect(message.length).toBeLessThan(2_000);
        }
        expect([0, 2]).toContain(status);
        expect(stderr).toContain('a.yaml');
        // eslint-disable-next-line no-control-regex -- the very thing that must not come through
        expect(stderr).not.toMatch(/[\u0000-\u0008\u000b-\u001f]/);
      });
    });

    it('a selector that matches nothing opens nothing', () => {
      withFolder({ 'b.yaml': DEPLOYMENT, 'p.yaml': POLICY.replace('{app: web}', '{app: nobody}') }, (folder) => {
        const { stdout } = run(['explain', folder, '--from', 'shop/Deployment/web', '--to', 'shop/Deployment/api', '--port', '8080/TCP', '-o', 'json']);
        expect(JSON.parse(stdout)).toMatchObject({ verdict: 'deny', policies: 'given' });
      });
    });
  });

  describe('the same bytes', () => {
    it.each<readonly [string, readonly string[]]>([
      ['graph', ['graph', shop, '-o', 'json']],
      ['generate', ['generate', shop]],
      ['generate for nftables', ['generate', shop, '--target', 'nftables', '--nodes', '3']],
    ])('%s twice', (_what, args) => {
      const first = run(args);
      expect(first.status).toBe(0);
      expect(run(args)).toEqual(first);
    });

    it('whatever the order of the files', () => {
      const files = ['edge', 'storefront', 'products', 'sales-db', 'shared-config'].map((name) => join(shop, `${name}.yaml`));
      const given = run(['generate', ...files]);
      expect(given.stdout).toContain('kind: NetworkPolicy');
      expect(run(['generate', ...[...files].reverse()]).stdout).toBe(given.stdout);
      const graph = run(['graph', ...files, '-o', 'json']);
      expect(run(['graph', ...[...files].reverse(), '-o', 'json']).stdout).toBe(graph.stdout);
    });

    it('whether the files come one by one, or through standard input', () => {
      const files = ['storefront', 'products'].map((name) => join(shop, `${name}.yaml`));
      const text = files.map((file) => readFileSync(file, 'utf8')).join('\n---\n');
      const edgesOf = (stdout: string): unknown => (JSON.parse(stdout) as { readonly edges: readonly Record<string, unknown>[] }).edges.map((edge) => ({ ...edge, evidence: [] }));
      expect(edgesOf(run(['graph', '-', '-o', 'json'], { input: text }).stdout)).toEqual(edgesOf(run(['graph', ...files, '-o', 'json']).stdout));
    });
  });

  it('writes one file for each policy or node', () => {
    withFolder({ 'web.yaml': DEPLOYMENT }, (cwd) => {
      const { status, stdout, stderr } = run(['generate', 'web.yaml', '--target', 'nftables', '--out', 'rules'], { cwd });
      expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
      expect(stderr).toContain('1 files written to rules');
      expect(readFileSync(join(cwd, 'rules', 'example-node-1.nft'), 'utf8')).toContain('table inet ringfence {');
    });
  });
});
