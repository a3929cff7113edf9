import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { snapshotOf } from '#inventory';
import type { Relationship } from '#model';
import { readComposeFolder } from '#sources/compose';

import { readDeclared } from './declared.ts';

/** `client -> server port/protocol`, with `?` where it is weak. */
function edges(services: string, files: Readonly<Record<string, string>> = {}): readonly string[] {
  return relationshipsOf(services, files).map(({ from, to, port, protocol, tier }) => `${nameOf(from)} -> ${nameOf(to)} ${String(port)}/${protocol}${tier === 'weak' ? '?' : ''}`);
}

function guesses(services: string): readonly (readonly [number | null, boolean])[] {
  return relationshipsOf(services, {}).map(({ port, isPortGuessed = false }) => [port, isPortGuessed]);
}

function relationshipsOf(services: string, files: Readonly<Record<string, string>>): readonly Relationship[] {
  const folder = mkdtempSync(join(tmpdir(), 'ringfence-compose-'));
  try {
    for (const [name, text] of Object.entries({ ...files, 'compose.yaml': `name: app\n${services}` })) writeFileSync(join(folder, name), text);
    const { projects } = readComposeFolder(folder, [join(folder, 'compose.yaml')]);
    return readDeclared(snapshotOf(projects.map((value) => ({ source: 'test', key: value.name, value })))).relationships;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function nameOf(peer: string | { readonly name: string }): string {
  return typeof peer === 'string' ? peer : peer.name;
}

describe('depends_on', () => {
  it.each([
    ['on a product', 'services:\n  web: {image: a, depends_on: [db]}\n  db: {image: "postgres:16"}', ['web -> db 5432/TCP']],
    ['on what is published', 'services:\n  web: {image: a, depends_on: [api]}\n  api: {image: b, ports: ["9000:8000", "127.0.0.1:9229:9229"]}', ['web -> api 8000/TCP']],
    ['on what its health check calls', 'services:\n  web: {image: a, depends_on: [api]}\n  api: {image: b, healthcheck: {test: ["CMD", "curl", "-f", "http://localhost:8080/health"]}}', ['web -> api 8080/TCP']],
    ['on what its command says', 'services:\n  web: {image: a, depends_on: [api]}\n  api: {image: b, command: gunicorn -b 0.0.0.0:8000 app}', ['web -> api 8000/TCP']],
    ['on something unknown', 'services:\n  web: {image: a, depends_on: [api]}\n  api: {image: b}', ['web -> api null/TCP?']],
    ['on something unknown that keeps running', 'services:\n  web: {image: a, depends_on: [api]}\n  api: {image: b, restart: unless-stopped}', ['web -> api null/TCP']],
    ['on something unknown that is built here', 'services:\n  web: {image: a, depends_on: [api]}\n  api: {build: .}', ['web -> api null/TCP']],
    ['on something unknown others have an address of', 'services:\n  web: {image: a, depends_on: [api]}\n  job: {image: c, environment: {API_URL: "http://api:7000"}}\n  api: {image: b}', ['job -> api 7000/TCP', 'web -> api 7000/TCP']],
    ['on a job it waits for to the end', 'services:\n  web: {image: a, depends_on: {init: {condition: service_completed_successfully}}}\n  init: {image: b, expose: ["80"]}', []],
    ['on its own image', 'services:\n  worker: {image: a, depends_on: [web]}\n  web: {image: a, ports: ["80:80"]}', ['worker -> web 80/TCP?']],
    ['on what it is built from too', 'services:\n  worker: {build: ., depends_on: [web]}\n  web: {build: ., ports: ["80:80"]}', ['worker -> web 80/TCP?']],
    ['on its own image, listening itself', 'services:\n  front: {image: a, depends_on: [back], expose: ["81"]}\n  back: {image: a, expose: ["80"]}', ['front -> back 80/TCP']],
    ['on its own image, with a hint of its address', 'x-e: &e {API_URL: "http://api:80", B_URL: "http://b:80"}\nservices:\n  worker: {image: a, depends_on: [api], environment: *e}\n  more: {image: m, environment: *e}\n  again: {image: n, environment: *e}\n  api: {image: a, ports: ["80:80"]}\n  b: {image: b, expose: ["80"]}', ['again -> api 80/TCP', 'again -> b 80/TCP', 'more -> api 80/TCP', 'more -> b 80/TCP', 'worker -> api 80/TCP', 'worker -> b 80/TCP?']],
    ['on a worker', 'services:\n  web: {image: a, depends_on: [tasks]}\n  tasks: {image: b, command: celery -A app worker}', ['web -> tasks null/TCP?']],
    ['on the host network', 'services:\n  web: {image: a, depends_on: [guard]}\n  guard: {image: b, network_mode: host}', ['web -> guard null/TCP?']],
    ['against the address', 'services:\n  watched: {image: a, ports: ["80:80"], depends_on: [watcher]}\n  watcher: {image: b, ports: ["81:81"], environment: {TARGET_URL: "http://watched:80"}}', ['watched -> watcher 81/TCP', 'watcher -> watched 80/TCP']],
    ['beside addresses of others', 'services:\n  web: {image: w, depends_on: [a, b, c], environment: {A_URL: "http://a:1", B_URL: "http://b:2"}}\n  a: {image: a}\n  b: {image: b}\n  c: {image: c, expose: ["3"]}', ['web -> a 1/TCP', 'web -> b 2/TCP', 'web -> c 3/TCP?']],
    ['without a network in common', 'services:\n  web: {image: a, depends_on: [db], networks: [x]}\n  db: {image: postgres, networks: [y]}\nnetworks: {x: {}, y: {}}', []],
  ])('%s', (_reason, text, expected) => {
    expect(edges(text)).toEqual(expected);
  });

  it('takes the port from an address of its own, else from what others dial', () => {
    const text = 'services:\n  web: {image: a, depends_on: [api], environment: {API_URL: "http://api:7000"}}\n  job: {image: b, depends_on: [api]}\n  api: {image: c, ports: ["7000:7000", "8000:8000"]}';
    expect(edges(text)).toEqual(['job -> api 7000/TCP', 'web -> api 7000/TCP']);
  });
});

describe('the port of a server nobody names one for', () => {
  const on = (server: string): string => `services:\n  web: {image: w, depends_on: [it]}\n  it: {${server}}`;

  it.each([
    ['is the one its health check calls, rather than the product\'s usual one', 'image: pgbouncer, healthcheck: {test: ["CMD-SHELL", "psql -p 5432 -h 127.0.0.1"]}', [5432]],
    ['is none that only peers use', 'build: ., ports: ["9200:9200", "9300:9300"]', [9200]],
    ['is none of its metrics', 'image: x, ports: ["7234:7234", "8000:8000"], environment: {METRICS_ENDPOINT: "0.0.0.0:8000"}', [7234]],
    ['is the product\'s where only its page for people is published', 'image: example/broker, ports: ["15672:15672"]', [5672]],
    ['is FastCGI behind a tag that says so', 'image: "shop:fpm-alpine"', [9000]],
    ['is that of mail for a mail server', 'image: example/smtp', [25]],
  ])('%s', (_, server, ports) => {
    expect(edges(on(server))).toEqual(ports.map((port) => `web -> it ${String(port)}/TCP`));
  });

  it('is a guess where the product has others, or others are shown', () => {
    expect(guesses(on('image: clickhouse/clickhouse-server'))).toEqual([[8123, true]]);
    expect(guesses(on('image: postgres'))).toEqual([[5432, false]]);
    expect(guesses(on('image: minio/minio, expose: ["9000", "9001"]'))).toEqual([[9000, true]]);
    expect(guesses(on('image: postgres, expose: ["5432", "8008"]'))).toEqual([[5432, true]]);
    expect(guesses(on('image: example/flink, ports: ["9081:9081"]'))).toEqual([[9081, true]]);
    expect(guesses(on('image: a'))).toEqual([[null, true]]);
  });
});

describe('addresses', () => {
  const apis = '  a: {image: a, expose: ["80"]}\n  b: {image: b, expose: ["80"]}';

  it('in an environment file many images share are hints', () => {
    const text = `services:\n  x: {image: x, env_file: e.env}\n  y: {image: y, env_file: e.env}\n  z: {image: z, env_file: e.env}\n${apis}`;
    expect(edges(text, { 'e.env': 'A_URL=http://a\nB_URL=http://b\n' }).every((edge) => edge.endsWith('?'))).toBe(true);
  });

  it('in an environment file of one program are its own, whatever the store reads of it', () => {
    const text = `services:\n  web: {build: ., env_file: e.env}\n  work: {build: ., env_file: e.env, command: work}\n  beat: {build: ., env_file: e.env}\n  db: {image: postgres, env_file: e.env}\n${apis}`;
    const found = edges(text, { 'e.env': 'A_URL=http://a\nB_URL=http://b\nDB_HOST=db\n' });
    expect(found.filter((edge) => edge.startsWith('work'))).toEqual(['work -> a 80/TCP', 'work -> b 80/TCP', 'work -> db 5432/TCP']);
    expect(found.filter((edge) => edge.startsWith('db')).every((edge) => edge.endsWith('?'))).toBe(true);
  });

  it('in a block merged into many services are hints for those that list what they depend on', () => {
    const text = `x-env: &env {A_URL: "http://a", B_URL: "http://b"}\nservices:\n  x: {image: i, environment: *env, depends_on: [a]}\n  y: {image: i, environment: *env, depends_on: [a, b]}\n  z: {image: i, environment: *env}\n${apis}`;
    expect(edges(text)).toEqual(['x -> a 80/TCP', 'x -> b 80/TCP?', 'y -> a 80/TCP', 'y -> b 80/TCP', 'z -> a 80/TCP', 'z -> b 80/TCP']);
  });

  it('in a file beside the one the command line names are hints', () => {
    const text = 'services:\n  proxy: {image: p, command: "run --config=/etc/x/own.conf", volumes: ["./own.conf:/etc/x/own.conf", "./other.conf:/etc/x/other.conf"]}\n' + apis;
    expect(edges(text, { 'own.conf': 'url = http://a\nlevel = info\n', 'other.conf': 'url = http://b\nlevel = info\n' })).toEqual(['proxy -> a 80/TCP', 'proxy -> b 80/TCP?']);
  });
});
