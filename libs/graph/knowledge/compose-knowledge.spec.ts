import { describe, expect, it } from '@jest/globals';

import type { Mount, Snapshot, Workload } from '#model';

import { container, origin, service, workload, world } from '../../../test/support/worlds.ts';
import { inferGraph } from '../infer.ts';

interface ServiceFields {
  readonly dependsOn?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly expose?: number;
  readonly publish?: number;
  readonly networks?: readonly string[];
  readonly image?: string;
  /** `path from unread`: a file or folder that could not be read. */
  readonly unread?: string;
  readonly unreadEnvFile?: string;
  /** Variables the machine it runs on would give. */
  readonly unset?: string;
}

function project(services: Readonly<Record<string, ServiceFields>>): Snapshot {
  const workloads = Object.entries(services).map(([name, fields]) => composeService(name, fields));
  return world({ workloads, services: workloads.map(({ ref }) => service(`app/${ref.name}`, { type: 'Compose', workloads: [ref] })) });
}

function composeService(name: string, { dependsOn = [], env = {}, expose, publish, networks = [], image = `registry.example/${name}`, unread, unreadEnvFile, unset }: ServiceFields): Workload {
  const variables = [...Object.entries(env).map(([key, value]) => ({ name: key, value, origin })), ...(unset === undefined ? [] : [{ name: unset, from: { kind: 'other' as const }, origin }])];
  const [path = '', source = ''] = (unread ?? '').split(' from ');
  const mounts: readonly Mount[] = unread === undefined ? [] : [{ path, source: { kind: 'other', unread: source } }];
  return workload(`app/ComposeService/${name}`, {
    platform: 'compose',
    containers: [container({ image, mounts, env: variables, ports: expose === undefined ? [] : [{ port: expose, protocol: 'TCP' }] })],
    compose: { dependsOn, ...(unreadEnvFile === undefined ? {} : { unreadEnvFiles: [unreadEnvFile] }), links: [], networks, profiles: [], published: publish === undefined ? [] : [{ target: publish, protocol: 'TCP', hostPort: publish }] },
  });
}

function closed(services: Readonly<Record<string, ServiceFields>>): readonly string[] {
  return [...inferGraph(project(services)).knowledge].flatMap(([key, { ingress, egress }]) => {
    const name = key.slice(key.lastIndexOf('/') + 1);
    return [...(ingress.isKnown ? [`${name} in`] : []), ...(egress.isKnown ? [`${name} out`] : [])];
  });
}

const db = { expose: 5432 };
const told = { env: { DATABASE_URL: 'postgresql://db:5432/app' } };

describe('a Compose project', () => {
  it('is closed where every address is written down', () => {
    expect(closed({ db, api: { ...told, expose: 8080 }, web: { env: { API_URL: 'http://api:8080' }, publish: 80 } })).toEqual(['api in', 'api out', 'db in', 'web in', 'web out']);
  });

  it('is closed around a worker that offers nothing', () => {
    expect(closed({ db, api: { ...told, publish: 8080 }, worker: told })).toEqual(['api in', 'api out', 'db in', 'worker in', 'worker out']);
  });

  it('leaves open who waits for what it is not told, and what that one may call', () => {
    const services = { db, cache: { expose: 6379 }, api: { ...told, expose: 8080 }, web: { env: { API_URL: 'http://api:8080' }, dependsOn: ['cache'], publish: 80 } };
    // it is seen to call the cache and api, and reaches the database only by way of api
    expect(closed(services)).toEqual(['api in', 'api out', 'cache in', 'web in']);
  });

  it('leaves a store open to who waits for it by way of another', () => {
    const services = { db, api: { dependsOn: ['db'], expose: 8080 }, web: { dependsOn: ['api'], publish: 80 } };
    expect(closed(services)).toEqual(['api in']);
  });

  it('closes that store to who shares no network with it', () => {
    const services = { db: { ...db, networks: ['back'] }, api: { dependsOn: ['db'], expose: 8080, networks: ['front', 'back'] }, web: { dependsOn: ['api'], publish: 80, networks: ['front'] } };
    expect(closed(services)).toContain('db in');
  });

  it('leaves everything open around a service that is there for nobody', () => {
    expect(closed({ db, api: { ...told, publish: 8080 }, mystery: {} })).toEqual([]);
  });
});

describe('settings that are not in the input', () => {
  const whole = { db, cache: { expose: 6379 }, api: { env: { ...told.env, CACHE_URL: 'redis://cache:6379' }, expose: 8080 }, web: { env: { API_URL: 'http://api:8080' }, publish: 80 } };
  const everything = ['api in', 'api out', 'cache in', 'db in', 'web in', 'web out'];

  it.each([
    ['a configuration file', { unread: '/etc/web.yaml from ./web.yaml' }],
    ['a folder of them', { unread: '/etc/web from ./web' }],
    ['a folder called like that', { unread: '/app/config from ./dynamic' }],
    ['an env file', { unreadEnvFile: 'production.env' }],
    ['an address the machine would give', { unset: 'CACHE_HOST' }],
  ])('leave open who reads them, and what that one may call: %s', (_, fields) => {
    expect(closed({ ...whole, web: { ...whole.web, ...fields } })).toEqual(['api in', 'api out', 'web in']);
  });

  it.each([
    ['certificates', { unread: '/etc/nginx/certs from ./certs' }],
    ['the time', { unread: '/etc/localtime from /etc/localtime' }],
    ['data', { unread: '/var/lib/web from ./data' }],
    ['a script', { unread: '/docker-entrypoint-initdb.d/init.sql from ./init.sql' }],
    ['a password the machine would give', { unset: 'DB_PASSWORD' }],
  ])('are no such thing: %s', (_, fields) => {
    expect(closed({ ...whole, web: { ...whole.web, ...fields } })).toEqual(everything);
  });

  it('are not needed by who can ask the engine', () => {
    expect(closed({ ...whole, web: { ...whole.web, unread: '/var/run/docker.sock from /var/run/docker.sock' } })).toEqual(everything.filter((each) => each !== 'web out'));
  });

  it('are nothing to a store, which only answers', () => {
    expect(closed({ ...whole, cache: { expose: 6379, image: 'redis:8', unread: '/usr/local/etc/redis.conf from ./redis.conf' } })).toEqual([...everything, 'cache out'].sort());
  });
});
