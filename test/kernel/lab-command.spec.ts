import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, expect, it } from '@jest/globals';

import { publishedSchema } from '../../apps/cli/src/schemas/published.ts';
import { describeKernel, hostNetwork } from '../support/kernel.ts';
import { repositoryRoot } from '../support/shared.ts';
import { withFolder } from '../support/temporary-folder.ts';

const PATIENCE_MS = 120_000;

const deployment = (name: string, port: number, env = ''): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      automountServiceAccountToken: false
      containers: [{name: main, image: registry.example/${name}, ports: [{containerPort: ${String(port)}}, {containerPort: ${String(port)}, protocol: UDP}, {containerPort: ${String(port)}, protocol: SCTP}], env: [${env}]}]
---
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: shop}
spec: {selector: {app: ${name}}, ports: [{port: 80, targetPort: ${String(port)}}]}
---`;
const allow = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
  ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 8080}]}]
`;
const files = { 'shop.yaml': deployment('web', 8081, '{name: API_URL, value: "http://api.shop.svc:80/"}') + deployment('api', 8080) + deployment('store', 5432) + allow };

interface Status {
  readonly pid: number;
  readonly isEnforced: boolean;
  readonly hosts: readonly { readonly name: string; readonly kind: string; readonly namespace: string; readonly addresses: readonly string[]; readonly ports: readonly string[] }[];
  readonly services: readonly { readonly name: string; readonly address: string; readonly backends: number }[];
}

interface Traffic {
  readonly results: readonly { readonly from: string; readonly to: string; readonly port: string; readonly expected: string; readonly outcomes: readonly { readonly family: number; readonly outcome: string; readonly service: string | null }[] }[];
}

// apart from the lab somebody may have up on this machine
const owners = mkdtempSync(join(tmpdir(), 'rf-test-'));

describeKernel('ringfence lab', () => {
  afterEach(() => {
    if (readdirSync(owners).length > 0) lab(['down']);
  });
  afterAll(() => {
    rmSync(owners, { recursive: true });
  });

  it('comes up, shows itself, and leaves nothing behind', () => {
    const before = hostNetwork();
    withFolder(files, (folder) => {
      const up = lab(['up', folder, '--nodes', '2', '-o', 'json']);
      expect(up).toMatchObject({ code: 0, err: '' });
      const status = JSON.parse(up.out) as Status;
      expect(JSON.parse(lab(['status', '-o', 'json']).out)).toEqual(status);
      expect(status.hosts.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
        'outside outside',
        'node example-node-1',
        'node example-node-2',
        ...['api', 'store', 'web'].flatMap((name) => [1, 2].map((each) => `pod shop/${name}-example-${String(each)}`)),
      ]);
      expect(status.hosts.at(-1)?.ports).toEqual(['8081/TCP', '8081/UDP']);
      expect(status.services.find(({ name }) => name === 'shop/api')?.backends).toBe(2);
      const named = new Set(status.hosts.map(({ namespace }) => namespace));
      expect(named.size).toBe(status.hosts.length);
      expect([...named].every((name) => name.startsWith(`rf-${String(status.pid)}-`) && namesOf(status.pid).includes(name))).toBe(true);
      expect(hostNetwork()).toEqual(before);

      expect(lab(['up', folder])).toMatchObject({ code: 2, err: expect.stringContaining('holds a lab already') });
      expect(lab(['down'])).toMatchObject({ code: 0, out: `took down the lab of process ${String(status.pid)}\n` });
      expect(namesOf(status.pid)).toEqual([]);
      expect(isAlive(status.pid)).toBe(false);
      expect(hostNetwork()).toEqual(before);
      expect(lab(['status'])).toMatchObject({ code: 1, err: expect.stringContaining('no lab is up') });
      expect(lab(['down']).out).toBe('no lab is up\n');
    });
  }, PATIENCE_MS);

  it('is swept where its process was killed', () => {
    const before = hostNetwork();
    withFolder(files, (folder) => {
      const { pid } = JSON.parse(lab(['up', folder, '--enforce', '-o', 'json']).out) as Status;
      process.kill(pid, 'SIGKILL');
      waitUntil(() => !isAlive(pid));
      expect(namesOf(pid).length).toBeGreaterThan(0);
      expect(lab(['status'])).toMatchObject({ code: 1 });

      // the next start takes away what the dead one left, as `down` does
      const next = JSON.parse(lab(['up', folder, '-o', 'json']).out) as Status;
      expect(namesOf(pid)).toEqual([]);
      process.kill(next.pid, 'SIGKILL');
      waitUntil(() => !isAlive(next.pid));
      const left = namesOf(next.pid);
      expect(JSON.parse(lab(['down', '-o', 'json']).out)).toMatchObject({ processes: [], swept: expect.arrayContaining(left.slice()) });
      expect(namesOf(next.pid)).toEqual([]);
      expect(hostNetwork()).toEqual(before);
    });
  }, PATIENCE_MS);

  it('lets its clients talk, and nobody else where it enforces', () => {
    withFolder(files, (folder) => {
      expect(lab(['up', folder, '--enforce']).code).toBe(0);
      const enforced = lab(['traffic', '-o', 'json']);
      expect(enforced.code).toBe(0);
      const rows = tried(JSON.parse(enforced.out) as Traffic);
      expect(rows).toContain('shop/Deployment/web -> shop/Deployment/api 8080/TCP by shop/api allowed: answered answered');
      expect(rows).toContain('shop/Deployment/store -> shop/Deployment/api 8080/TCP forbidden: died died');
      expect(rows).toContain('shop/Deployment/store -> shop/Deployment/api 8080/UDP forbidden: died died');
      expect(rows).toContain('shop/Deployment/store -> shop/Deployment/api 8080/SCTP forbidden: died died');
      expect(lab(['traffic']).out).toContain('1 of 1 allowed got through, 3 of 3 forbidden died\n');
      lab(['down']);

      expect(lab(['up', folder]).code).toBe(0);
      const open = tried(JSON.parse(lab(['traffic', '-o', 'json']).out) as Traffic);
      expect(open).toContain('shop/Deployment/store -> shop/Deployment/api 8080/TCP forbidden: answered answered');
      expect(open).toContain('shop/Deployment/store -> shop/Deployment/api 8080/UDP forbidden: answered answered');
      expect(open).toContain('shop/Deployment/store -> shop/Deployment/api 8080/SCTP forbidden: arrived arrived');
    });
  }, PATIENCE_MS);

  it('reads standard input', () => {
    const up = lab(['up', '-', '--default-namespace', 'shop'], files['shop.yaml']);
    expect(up).toMatchObject({ code: 0, err: '' });
    expect(up.out).toContain('3 nodes, 6 pods, held by process');
  }, PATIENCE_MS);

  it('says what is wrong', () => {
    expect(lab(['up'])).toMatchObject({ code: 2, out: '' });
    expect(lab(['up', '/does/not/exist'])).toMatchObject({ code: 2, out: '', err: expect.stringContaining('nothing in the input that runs') });
    expect(lab(['up', '--nodes', '0', '.'])).toMatchObject({ code: 2, err: expect.stringContaining('--nodes 0') });
    expect(lab(['traffic', '--schema']).out).toBe(publishedSchema('lab traffic'));
    for (const name of ['up', 'status', 'traffic', 'down']) expect(JSON.parse(publishedSchema(`lab ${name}`))).toMatchObject({ title: `ringfence lab ${name} -o json` });
  }, PATIENCE_MS);
});

function lab(args: readonly string[], input = ''): { readonly code: number | null; readonly out: string; readonly err: string } {
  const main = join(repositoryRoot, 'apps/cli/src/main.ts');
  const ran = spawnSync(process.execPath, ['--conditions=source', '--disable-warning=ExperimentalWarning', main, 'lab', ...args], { encoding: 'utf8', input, timeout: 60_000, env: { ...process.env, RINGFENCE_LAB_FOLDER: owners } });
  return { code: ran.status, out: ran.stdout, err: ran.stderr };
}

function tried({ results }: Traffic): readonly string[] {
  return results.map(({ from, to, port, expected, outcomes }) => {
    const service = outcomes[0]?.service ?? null;
    return `${from} -> ${to} ${port}${service === null ? '' : ` by ${service}`} ${expected}: ${outcomes.map(({ outcome }) => outcome).join(' ')}`;
  });
}

function namesOf(pid: number): readonly string[] {
  return existsSync('/run/netns') ? readdirSync('/run/netns').filter((name) => name.startsWith(`rf-${String(pid)}-`)) : [];
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${String(pid)}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function waitUntil(isTrue: () => boolean): void {
  const deadline = performance.now() + 10_000;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error('it never came true');
    spawnSync('sleep', ['0.02']);
  }
}
