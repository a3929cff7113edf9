import { describe, expect, it } from '@jest/globals';

import { scanCommand } from './command-scan.ts';

function scan(argv: readonly string[], variables: Readonly<Record<string, string>> = {}): readonly string[] {
  const known = new Map(Object.entries(variables).map(([name, value]) => [name, { value, isSecret: false }]));
  const found = scanCommand(argv, known, []).filter(({ form, meaning }) => form !== 'host' || meaning === 'address');
  return [...new Set(found.map(({ host, port }) => `${host}${port === undefined ? '' : ` ${String(port)}`}`))];
}

describe('flags', () => {
  it.each([
    [['app', '--db=db:5432'], ['db 5432']],
    [['app', '--store', 'dnssrv+_grpc._tcp.store.ns.svc'], ['store.ns.svc']],
    [['app', '--redis-host', 'redis', '--redis-port=6379'], ['redis 6379']],
    [['java', '-Dspring.data.mongodb.uri=mongodb://mongo:27017/x', '-jar', 'app.jar'], ['mongo 27017']],
    [['app', '--listen=:8080', '--service-name=cart'], []],
    [['app', '-database=postgres://u:p@db:5432/x', 'up'], ['db 5432']],
  ])('%j', (argv, expected) => {
    expect(scan(argv)).toEqual(expected);
  });
});

describe('scripts', () => {
  it.each([
    ['until nc -z db 5432; do sleep 1; done', ['db 5432']],
    ['until nc -z -w 2 db 5432', ['db 5432']],
    ['while ! pg_isready -h db -p 5433 -U app; do echo waiting for db; sleep 2; done', ['db 5433']],
    ['redis-cli -h cache -p 6379 ping', ['cache 6379']],
    ['until nslookup mysql.shop.svc.cluster.local; do sleep 2; done', ['mysql.shop.svc.cluster.local']],
    ['/wait-for-it.sh rabbit:5672 --timeout=30 -- python app.py', ['rabbit 5672']],
    ['wait-for db 5432 -- app', ['db 5432']],
    ['dockerize -wait tcp://kafka:9092 -timeout 60s app', ['kafka 9092']],
    ['if [ "$(curl -s -o /dev/null http://api:8080/healthz)" ]; then echo up; fi', ['api 8080']],
    ['curl -sf -X POST -H host vault:8200/v1/sys/health', ['vault 8200']],
    ['timeout 5 bash -c "</dev/tcp/mongo/27017"', ['mongo 27017']],
    ['ADDR=${DB_HOST:-db}:${DB_PORT:-5432}; nc -z ${DB_HOST:-db} ${DB_PORT:-5432}', ['db 5432']],
    ['nc -z $DB_HOST 5432', ['postgres 5432']],
    ['# nc -z old 5432\nnc -z new 5432', ['new 5432']],
    ['for i in 0 1 2; do nc -z web-$i.web 80; done', ['web-0.web 80']],
    ['echo "db is up"', []],
  ])('%s', (script, expected) => {
    expect(scan(['sh', '-c', script], { DB_HOST: script.includes(':-') ? 'db' : 'postgres' })).toEqual(expected);
  });

  it('reads a script that is split over command and arguments', () => {
    expect(scan(['/bin/bash', '-ec', 'exec cockroach start --join cockroach-0.cockroach,cockroach-1.cockroach'])).toEqual(['cockroach-0.cockroach', 'cockroach-1.cockroach']);
  });

  it('stays linear on hostile text', () => {
    const started = performance.now();
    for (const unit of ["'", '"', '$(', '${', '\\', 'a=b ', '--a ', 'x;']) scan(['sh', '-c', `${unit.repeat(200_000 / unit.length)}\n`]);
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});
