import { describe, expect, it } from '@jest/globals';

import type { Service, Workload } from '#model';

import { withFolder } from '../../../test/support/temporary-folder.ts';
import { readComposeFolder } from './compose-folder.ts';

/** Reads `services:` (and whatever else stands behind it) of a project called shop. */
function read(services: string, files: Readonly<Record<string, string>> = {}) {
  const { projects, diagnostics } = withFolder({ 'compose.yaml': `name: shop\nservices:\n${services}`, ...files }, (folder) => readComposeFolder(folder, ['compose.yaml']));
  const [project] = projects;
  return {
    diagnostics,
    services: project?.services ?? [],
    workload: (name: string): Workload => project!.workloads.find(({ ref }) => ref.name === name)!,
    facts: (name: string) => project?.workloads.find(({ ref }) => ref.name === name)?.compose,
  };
}

function leadsTo(services: readonly Service[]): Record<string, readonly string[]> {
  return Object.fromEntries(services.map(({ name, workloads = [] }) => [name, workloads.map((ref) => ref.name)]));
}

describe('a service', () => {
  it('is a workload with labels of its own and of Compose', () => {
    const { workload } = read('  web:\n    image: nginx:1\n    labels: [tier=front, bare]\n    deploy: {replicas: 3, labels: {a: b}}\n    annotations: {c: d}\n');
    expect(workload('web')).toMatchObject({
      ref: { namespace: 'shop', kind: 'ComposeService', name: 'web' },
      platform: 'compose',
      replicas: 3,
      podLabels: { tier: 'front', bare: '', 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web' },
      labels: { a: 'b' },
      podAnnotations: { c: 'd' },
      hostNetwork: false,
      tokenMounted: false,
    });
    expect(workload('web').origin.line).toBe(3);
  });

  it.each([
    ['command: serve --to "a b"', { args: ['serve', '--to', 'a b'], command: [] }],
    ['command: [serve, 8080]', { args: ['serve', '8080'] }],
    ['entrypoint: /run.sh db:5432', { command: ['/run.sh', 'db:5432'], args: [] }],
    ['command: null', { args: [] }],
    ['command: sh -c "echo $$HOST"', { args: ['sh', '-c', 'echo $HOST'] }],
  ])('runs %s', (line, container) => {
    expect(read(`  web:\n    image: x\n    ${line}\n`).workload('web').containers[0]).toMatchObject(container);
  });

  it.each([
    ['scale: 2', 2],
    ['deploy: {replicas: 0}', 0],
    ['deploy: {mode: global}', 1],
    ['scale: many', 1],
  ])('%s wants %s', (line, replicas) => {
    expect(read(`  web:\n    image: x\n    ${line}\n`).workload('web').replicas).toBe(replicas);
  });

  it.each([
    ['[CMD, curl, -f, "http://localhost:8080/health"]', [8080]],
    ['curl -f http://localhost || exit 1', [80]],
    ['wget https://127.0.0.1/x', [443]],
    ['nc -z localhost 3306', [3306]],
    ['[CMD-SHELL, "curl http://[::1]:9000/; curl localhost:9001"]', [9000, 9001]],
    ['curl http://db:5432', []],
    ['pg_isready -h localhost -U x', []],
    ['curl http://localhost.example.com:81', []],
    ['psql -p 5433 -h 127.0.0.1 -c x', [5433]],
    ['psql -p 5433 -h db', []],
    ['[CMD-SHELL, "exec 3<>/dev/tcp/127.0.0.1/9000"]', [9000]],
    ['curl http://web:8333/healthz', [8333]],
  ])('checked by %s listens on %j', (test, ports) => {
    expect(read(`  web:\n    image: x\n    healthcheck:\n      test: ${test}\n`).workload('web').containers[0]?.probes.map(({ port }) => port)).toEqual(ports);
  });

  it.each([
    ['build: ./app', { build: expect.stringContaining('./app') }],
    ['restart: unless-stopped', { isKeptRunning: true }],
    ['restart: on-failure', {}],
    ['healthcheck: {test: [CMD, "true"]}', { isKeptRunning: true }],
    ['healthcheck: {disable: true}', {}],
    ['env_file: [none.env, {path: also-none.env, required: false}]', { unreadEnvFiles: ['none.env'] }],
  ])('says what else tells servers from jobs, and what is hidden: %s', (line, expected) => {
    const { build, isKeptRunning, unreadEnvFiles } = read(`  web:\n    image: x\n    ${line}\n`).workload('web').compose ?? {};
    expect({ ...(build === undefined ? {} : { build }), ...(isKeptRunning === undefined ? {} : { isKeptRunning }), ...(unreadEnvFiles === undefined ? {} : { unreadEnvFiles }) }).toEqual(expected);
  });

  it('keeps what it waits for apart from what it only starts after', () => {
    const { facts, diagnostics } = read(
      '  a:\n    image: x\n    links: ["b:bee", c]\n    depends_on:\n      b: {condition: service_healthy}\n      c: {condition: service_completed_successfully}\n      gone: {required: false}\n  b: {image: x}\n  c: {image: x, profiles: [tools]}\n',
    );
    expect(facts('a')).toMatchObject({ dependsOn: ['b', 'c'], startsAfter: ['c'], links: ['b', 'c'], linkAliases: [{ alias: 'bee', service: 'b' }] });
    expect(facts('c')?.profiles).toEqual(['tools']);
    expect(diagnostics).toEqual([]);
  });

  it.each([
    ['depends_on: [db]', 'db'],
    ['links: ["db:x"]', 'db'],
    ['networks: [back]', 'back'],
    ['configs: [settings]', 'settings'],
    ['secrets: [{source: key}]', 'key'],
    ['network_mode: service:vpn', 'vpn'],
    ['network_mode: service:web', 'web'],
  ])('with %s that is not there is told, and read without', (line, name) => {
    const { workload, diagnostics } = read(`  web:\n    image: x\n    ${line}\n`);
    expect(diagnostics).toMatchObject([{ code: 'compose-reference-missing', subject: 'Compose service shop/web', message: expect.stringContaining(name) }]);
    expect(workload('web').compose).toMatchObject({ dependsOn: [], links: [] });
  });
});

describe('the network of a service', () => {
  it.each([
    ['nothing said', '', { networks: ['default'] }, false],
    ['none', 'network_mode: none', { networks: [] }, false],
    ['the host', 'network_mode: host', { networks: [] }, true],
    ['a network of the engine', 'network_mode: bridge', { networks: ['bridge'] }, false],
    ['another service', 'network_mode: service:vpn', { networks: ['back'], networkOf: 'vpn', addresses: [{ text: '192.0.2.7' }] }, false],
    ['the container of another service', 'network_mode: container:the-vpn', { networks: ['back'], networkOf: 'vpn' }, false],
  ])('is %s', (_what, line, facts, isHost) => {
    const vpn = '  vpn: {image: x, container_name: the-vpn, networks: {back: {ipv4_address: 192.0.2.7}}}\n';
    const { workload, diagnostics } = read(`${vpn}  web:\n    image: x\n    ${line}\nnetworks: {back: {}}\n`);
    expect(workload('web').compose).toMatchObject(facts);
    expect(workload('web').hostNetwork).toBe(isHost);
    expect(diagnostics).toEqual([]);
  });

  it('has static addresses of both families, and tells of those that are none', () => {
    const { facts, diagnostics } = read('  web: {image: x, networks: {a: {ipv4_address: 192.0.2.1, ipv6_address: "2001:DB8::1"}, b: {ipv4_address: nowhere}}}\nnetworks: {a: {}, b: {}}\n');
    expect(facts('web')?.addresses?.map(({ text }) => text)).toEqual(['192.0.2.1', '2001:db8::1']);
    expect(diagnostics).toMatchObject([{ code: 'compose-address-invalid' }]);
  });

  it('knows hosts of its own', () => {
    const { facts } = read('  web:\n    image: x\n    extra_hosts: ["a=192.0.2.1", "b:2001:db8::1", "c=[2001:db8::2]", "host.docker.internal:host-gateway"]\n');
    expect(facts('web')?.extraHosts).toEqual([
      { name: 'a', address: '192.0.2.1' },
      { name: 'b', address: '2001:db8::1' },
      { name: 'c', address: '2001:db8::2' },
      { name: 'host.docker.internal', address: 'host-gateway' },
    ]);
  });
});

describe('the names of a project', () => {
  it('are those of services, containers, hosts and networks', () => {
    const { services } = read(
      '  db: {image: x, container_name: the-db, hostname: box, domainname: example.com, networks: {a: {aliases: [sql]}, b: {aliases: [data, sql]}}}\nnetworks: {a: {}, b: {}}\n',
    );
    expect(leadsTo(services)).toEqual({ 'box': ['db'], 'box.example.com': ['db'], 'data': ['db'], 'db': ['db'], 'sql': ['db'], 'the-db': ['db'] });
    expect(services[0]).toMatchObject({ namespace: 'shop', type: 'Compose', ports: [], workloads: [{ namespace: 'shop', kind: 'ComposeService', name: 'db' }] });
  });

  it('may lead to several services', () => {
    const { services } = read('  a: {image: x, networks: {default: {aliases: [both, b]}}}\n  b: {image: x, networks: {default: {aliases: [both]}}}\n');
    expect(leadsTo(services)).toEqual({ a: ['a'], b: ['a', 'b'], both: ['a', 'b'] });
  });

  it('that a link makes for one service are known to it, and listed where nobody else has them', () => {
    const { services, facts } = read('  a: {image: x, links: ["c:db", "c:cache"]}\n  b: {image: x, links: ["d:cache"]}\n  c: {image: x}\n  d: {image: x}\n  db: {image: x}\n');
    expect(leadsTo(services)).toMatchObject({ db: ['db'], cache: ['c', 'd'] });
    expect(facts('a')?.linkAliases).toEqual([{ alias: 'db', service: 'c' }, { alias: 'cache', service: 'c' }]);
  });
});

describe('the environment of a service', () => {
  const files = { '.env': 'KNOWN=from-dot-env', 'a.env': 'A=a\nBOTH=a\nBARE\nKNOWN', 'b.env': 'BOTH=b\nOUT=$NOWHERE', 'raw.env': 'RAW="$KNOWN"' };
  it.each([
    ['map', 'environment: {A: 1, T: true, N: yes, F: 1.50, O: 0644}', { A: '1', T: 'true', N: 'yes', F: '1.5', O: '0644' }],
    ['list', 'environment: [A=1, "B=x=y", "C="]', { A: '1', B: 'x=y', C: '' }],
    ['value of the host', 'environment: {HOSTS: null, KNOWN: }', { HOSTS: undefined, KNOWN: 'from-dot-env' }],
    ['value of the host in a list', 'environment: [HOSTS, KNOWN]', { HOSTS: undefined, KNOWN: 'from-dot-env' }],
    ['variable nobody set', 'environment: {A: "${NOWHERE}", B: "x${NOWHERE}", C: "${NOWHERE:-}", D: ""}', { A: undefined, B: 'x', C: '', D: '' }],
    ['one file', 'env_file: a.env', { A: 'a', BOTH: 'a', BARE: undefined, KNOWN: 'from-dot-env' }],
    ['files in order', 'env_file: [a.env, {path: b.env, required: true}]', { A: 'a', BOTH: 'b', BARE: undefined, KNOWN: 'from-dot-env', OUT: undefined }],
    ['raw file', 'env_file: [{path: raw.env, format: raw}]', { RAW: '"$KNOWN"' }],
    ['file below the mapping', 'env_file: a.env\n    environment: {A: mine, BOTH: }', { A: 'mine', BOTH: undefined, BARE: undefined, KNOWN: 'from-dot-env' }],
    ['file that may be missing', 'env_file: [{path: none.env, required: false}]', {}],
  ])('from a %s', (_what, line, environment) => {
    const { workload, diagnostics } = read(`  web:\n    image: x\n    ${line}\n`, files);
    const { env } = workload('web').containers[0]!;
    expect(Object.fromEntries(env.map((entry) => [entry.name, entry.value]))).toEqual(environment);
    expect(env.filter(({ value }) => value === undefined).map(({ from }) => from)).toEqual(Object.values(environment).flatMap((value) => (value === undefined ? [{ kind: 'other' }] : [])));
    expect(diagnostics.filter(({ severity }) => severity !== 'info')).toEqual([]);
  });

  it('from a file that is missing is told', () => {
    expect(read('  web: {image: x, env_file: none.env}\n').diagnostics).toMatchObject([{ code: 'compose-env-file-not-read', origin: { line: 3 } }]);
  });

  it('never comes from the process', () => {
    expect(process.env['PATH']).toBeDefined();
    const { workload } = read('  web: {image: x, environment: {A: "${PATH}", PATH: }}\n');
    expect(workload('web').containers[0]?.env.map(({ value }) => value)).toEqual([undefined, undefined]);
  });
});
