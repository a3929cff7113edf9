import { describe, expect, it } from '@jest/globals';
import { join } from 'node:path';

import type { Container, Mount, Workload } from '#model';

import { describeShared } from '../../../test/support/needs.ts';
import { repositoryRoot } from '../../../test/support/shared.ts';
import { withFolder } from '../../../test/support/temporary-folder.ts';
import { type ComposeFolder, readComposeFolder } from './compose-folder.ts';

const testdata = join(import.meta.dirname, 'testdata');

function workloadOf({ projects }: ComposeFolder, name: string): Workload {
  const found = projects.flatMap(({ workloads }) => workloads).find(({ ref }) => ref.name === name);
  if (found === undefined) throw new Error(`find service ${name}: not read`);
  return found;
}

function containerOf(read: ComposeFolder, name: string): Container {
  return workloadOf(read, name).containers[0]!;
}

function environmentOf(read: ComposeFolder, name: string): Record<string, string | undefined> {
  return Object.fromEntries(containerOf(read, name).env.map((entry) => [entry.name, entry.value]));
}

function textsOf(mounts: readonly Mount[]): Record<string, string> {
  const files = mounts.flatMap(({ source }) => (source.kind === 'files' ? source.files : []));
  return Object.fromEntries(files.map(({ path, text }) => [path, text.trim()]));
}

describe('a project in layers', () => {
  const read = readComposeFolder(join(testdata, 'layers'), ['compose.yaml', 'compose.override.yaml']);

  it('is read without complaint, with every file it is made of', () => {
    expect(read.diagnostics).toEqual([]);
    expect(read.files.map((file) => file.slice(testdata.length + 1))).toEqual(['layers/compose.override.yaml', 'layers/compose.yaml', 'shared/base.yaml']);
    expect(read.projects).toMatchObject([{ name: 'layers', origin: { file: join(testdata, 'layers/compose.yaml'), line: 1 } }]);
  });

  it('merges environments key by key, through `extends`, anchors, list form and the override', () => {
    expect(environmentOf(read, 'web')).toEqual({ BASE_URL: 'http://api:9000', CACHE: 'redis://cache:6379', FROM_ROOT: '1', LOG: 'trace' });
    expect(environmentOf(read, 'api')).toEqual({ EXTRA: 'more', LOG: 'info' });
  });

  it('remembers the line of every value', () => {
    const lines = containerOf(read, 'web').env.map(({ name, origin }) => `${name} ${origin.file.slice(testdata.length + 1)}:${origin.line}`);
    expect(lines).toEqual(['BASE_URL shared/base.env:1', 'CACHE layers/compose.yaml:6', 'FROM_ROOT shared/base.yaml:6', 'LOG layers/compose.override.yaml:5']);
  });

  it('replaces commands, appends ports, takes the last mount of a target', () => {
    expect(containerOf(read, 'web').args).toEqual(['serve', '--api', 'http://backend:9000']);
    expect(containerOf(read, 'web').ports.map(({ port }) => port)).toEqual([80, 443]);
    expect(textsOf(containerOf(read, 'web').mounts)).toEqual({ '/etc/base.conf': 'base of everything', '/etc/web.conf': 'upstream backend:9000' });
    expect(containerOf(read, 'web').image).toBe('registry.example/app:1');
  });

  it('follows `!reset` and `!override`', () => {
    expect(workloadOf(read, 'cache').compose?.published).toEqual([{ target: 6379, protocol: 'TCP', hostAddress: '127.0.0.1', hostPort: 6379 }]);
    expect(environmentOf(read, 'api')).not.toHaveProperty('DB');
  });

  it('joins both forms of depends_on and networks', () => {
    expect(workloadOf(read, 'web').compose).toMatchObject({ dependsOn: ['api', 'cache'], networks: ['back'] });
    expect(workloadOf(read, 'added').compose).toMatchObject({ networks: ['default'] });
  });
});

describe('a project that includes others', () => {
  const read = readComposeFolder(join(testdata, 'team'), ['compose.yaml']);

  it('has their services, under the name of the folder', () => {
    expect(read.diagnostics).toEqual([]);
    expect(read.projects.map(({ name, workloads }) => [name, workloads.map(({ ref }) => ref.name)])).toEqual([['team', ['app', 'db', 'proxy']]]);
    expect(workloadOf(read, 'app').compose?.dependsOn).toEqual(['db', 'proxy']);
  });

  it('reads them with their own variables and folders, its own variables first', () => {
    expect(containerOf(read, 'db').image).toBe('postgres:17');
    expect(environmentOf(read, 'db')).toEqual({ SHARED: 'outer' });
    expect(textsOf(containerOf(read, 'db').mounts)).toEqual({ '/docker-entrypoint-initdb.d/init.sql': 'create table t ();' });
    expect(containerOf(read, 'proxy').image).toBe('envoy:v1.30');
    expect(textsOf(containerOf(read, 'proxy').mounts)).toEqual({ '/etc/envoy.yaml': 'address: app' });
    expect(workloadOf(read, 'proxy').compose?.published).toMatchObject([{ target: 8443 }]);
  });
});

describe('the files of a folder', () => {
  const service = (name: string, rest = ''): string => `${rest}\nservices: {${name}: {image: x}}`;
  it.each([
    ['compose.yaml before docker-compose.yml', { 'docker-compose.yml': service('old'), 'compose.yaml': service('new') }, ['new', 'old']],
    ['a name that only ends like one', { 'vote__docker-compose.yml': service('vote') }, ['vote']],
    ['an override of a name that only ends like one', { 'x__compose.override.yml': 'services: {a: {scale: 2}, b: {image: y}}', 'x__compose.yml': service('a') }, ['a', 'b']],
    ['a fragment beside it that changes services', { 'compose.yaml': service('a'), 'compose.prod.yaml': 'services: {a: {image: y}, b: {restart: always}}' }, ['a']],
    ['services beside it', { 'compose.yaml': service('a'), 'compose.tools.yaml': service('b') }, ['a', 'b']],
    ['a file only extended from', { 'compose.yaml': 'services: {a: {extends: {file: base.yaml, service: b}}}', 'base.yaml': service('b') }, ['a']],
  ])('%s', (_what, files, services) => {
    withFolder(files, (folder) => {
      const { projects } = readComposeFolder(folder, Object.keys(files));
      expect(projects.map(({ workloads }) => workloads.map(({ ref }) => ref.name))).toEqual([services]);
    });
  });

  it('with names of their own are projects of their own', () => {
    const files = { 'a-compose.yml': service('x', 'name: one'), 'b-compose.yml': service('x', 'name: two') };
    withFolder(files, (folder) => {
      const { projects } = readComposeFolder(folder, Object.keys(files));
      expect(projects.map(({ name, workloads }) => [name, workloads[0]?.ref.namespace])).toEqual([['one', 'one'], ['two', 'two']]);
    });
  });

  it('named one by one are laid over each other in that order', () => {
    const files = { 'compose.yaml': service('a'), 'prod.yaml': 'services: {a: {image: prod}}' };
    withFolder(files, (folder) => {
      expect(containerOf(readComposeFolder(folder, Object.keys(files), { mergeAll: true }), 'a').image).toBe('prod');
      expect(containerOf(readComposeFolder(folder, Object.keys(files)), 'a').image).toBe('x');
    });
  });

  it('that COMPOSE_FILE in .env names are the ones, in its order', () => {
    const files = { '.env': 'COMPOSE_FILE=./b.yaml:compose.yaml:../out.yaml', 'compose.yaml': service('a'), 'b.yaml': 'services: {a: {image: y}, b: {image: x}}', 'c.yaml': 'services: {a: {environment: [C=1]}}' };
    withFolder(files, (folder) => {
      const read = readComposeFolder(folder, ['compose.yaml', 'b.yaml', 'c.yaml']);
      expect([containerOf(read, 'a').image, containerOf(read, 'b').image]).toEqual(['x', 'x']);
      expect(environmentOf(read, 'a')).toEqual({ C: '1' });
    });
  });

  it('beside the default one tell its services more, and never take from them', () => {
    const files = {
      'compose.yaml': 'services: {a: {image: x, command: run, environment: {A: 1}, depends_on: [b]}, b: {image: x, networks: [n]}, c: {image: x, network_mode: host}}\nnetworks: {n: {}}',
      'compose.full.yaml':
        'services: {a: {image: y, command: other, ports: ["80"], environment: {A: 2, QUEUE: "queue:9092"}, depends_on: [queue], networks: [m]}, b: {networks: [m], depends_on: !reset []}, c: {networks: [m]}, queue: {image: q}}\nnetworks: {m: {}}',
    };
    withFolder(files, (folder) => {
      const read = readComposeFolder(folder, Object.keys(files));
      expect(containerOf(read, 'a')).toMatchObject({ image: 'x', args: ['run'], ports: [] });
      expect(environmentOf(read, 'a')).toEqual({ A: '1', QUEUE: 'queue:9092' });
      expect(workloadOf(read, 'a').compose).toMatchObject({ dependsOn: ['b', 'queue'], networks: ['default', 'm'], published: [] });
      expect([workloadOf(read, 'b').compose?.networks, workloadOf(read, 'c').compose?.networks]).toEqual([['m', 'n'], []]);
      expect(read.diagnostics).toMatchObject([{ code: 'compose-file-beside', severity: 'info', subject: join(folder, 'compose.full.yaml') }]);
    });
  });

  it('a broken one does not take the others with it', () => {
    withFolder({ 'compose.yaml': 'services: [', 'compose.more.yaml': service('b') }, (folder) => {
      const read = readComposeFolder(folder, ['compose.yaml', 'compose.more.yaml']);
      expect(workloadOf(read, 'b').compose?.networks).toEqual(['default']);
      expect(read.diagnostics).toMatchObject([{ code: 'compose-file-beside' }, { code: 'yaml-invalid', severity: 'error', origin: { file: join(folder, 'compose.yaml'), line: 1 } }]);
    });
  });
});

describe('the name of a project', () => {
  const compose = 'services: {a: {image: x}}';
  it.each([
    ['the option', { 'f/compose.yaml': `name: own\n${compose}` }, { projectName: 'given' }, 'given'],
    ['its top-level name', { 'f/compose.yaml': `name: own\n${compose}` }, {}, 'own'],
    ['a name with a variable', { 'f/compose.yaml': `name: own-\${N:-1}\n${compose}` }, {}, 'own-1'],
    ['the .env file', { 'f/compose.yaml': compose, 'f/.env': 'COMPOSE_PROJECT_NAME=env' }, {}, 'env'],
    ['the folder', { 'f/compose.yaml': compose }, {}, 'f'],
  ])('comes from %s', (_what, files, options, name) => {
    withFolder(files, (folder) => {
      expect(readComposeFolder(join(folder, 'f'), ['compose.yaml'], options).projects.map((project) => project.name)).toEqual([name]);
    });
  });

  it.each([
    ['My App', 'myapp'],
    ['_-x.y-Z', 'xy-z'],
    ['…', 'project'],
  ])('from a folder %s is %s', (folderName, name) => {
    withFolder({ [`${folderName}/compose.yaml`]: compose }, (folder) => {
      expect(readComposeFolder(join(folder, folderName), ['compose.yaml']).projects[0]?.name).toBe(name);
    });
  });
});

it('the shop of the examples is read whole', () => {
  const read = readComposeFolder(join(repositoryRoot, 'policies/examples/shop/compose'), ['compose.yaml', 'worker-base.yaml']);
  expect(read.diagnostics).toEqual([]);
  expect(environmentOf(read, 'fulfilment')).toMatchObject({ LOG_LEVEL: 'info', KAFKA_BOOTSTRAP_SERVERS: 'queue:9092', STATSD_HOST: 'statsd' });
  expect(workloadOf(read, 'checkout').compose).toMatchObject({ startsAfter: ['sales-migrate'], networks: ['back', 'data'] });
  expect(workloadOf(read, 'sales-db').compose?.addresses?.map(({ text }) => text)).toEqual(['192.0.2.10', '2001:db8:5::10']);
});

describeShared('ground-truth/compose-voting/manifests', 'a voting application from outside', (folder) => {
  it('is read whole', () => {
    const read = readComposeFolder(folder, ['vote__docker-compose.yml'], { projectName: 'voting' });
    expect(read.diagnostics.filter(({ severity }) => severity !== 'info')).toEqual([]);
    expect(read.projects.flatMap(({ workloads }) => workloads).map(({ ref, compose }) => [ref.name, compose?.dependsOn])).toEqual([
      ['db', []],
      ['redis', []],
      ['result', ['db']],
      ['seed', ['vote']],
      ['vote', ['redis']],
      ['worker', ['db', 'redis']],
    ]);
  });
});
