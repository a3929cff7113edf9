import { describe, expect, it } from '@jest/globals';

import { scanProse, scanValue } from './value-scan.ts';

function text(mentions: ReturnType<typeof scanProse>): readonly string[] {
  return mentions.map(({ host, port, portName, form }) => `${form} ${host}${port === undefined ? '' : ` ${String(port)}`}${portName === undefined ? '' : ` ${portName}`}`);
}

describe('scanValue', () => {
  it.each([
    ['host and port', 'redis:6379', ['host-port redis 6379']],
    ['a list of them', 'kafka-0.kafka:9092, kafka-1.kafka:9092', ['host-port kafka-0.kafka 9092', 'host-port kafka-1.kafka 9092']],
    ['an SRV name', '_redis._tcp.cache.shop.svc.cluster.local', ['srv cache.shop.svc.cluster.local redis']],
    ['an SRV name with a lookup before it', 'dnssrv+_grpc._tcp.store.thanos.svc', ['srv store.thanos.svc grpc']],
    ['a libpq DSN', 'host=db port=5432 user=u dbname=d', ['dsn db 5432']],
    ['an ADO.NET DSN', 'Server=sql,1433;Database=shop;User=sa', ['dsn sql 1433']],
    ['a DSN with a transport', 'Data Source=tcp:sql;Initial Catalog=x', ['dsn sql']],
    ['a bare host', 'redis', ['host redis']],
    ['a bare list', 'es-0.es es-1.es', ['host es-0.es', 'host es-1.es']],
    ['a host with options', 'redis,abortConnect=false,ssl=false', ['host redis']],
    ['a cluster name is more than a bare host', 'db.shop.svc', ['host-port db.shop.svc']],
    ['a host and a path', 'auth/v1', ['host auth']],
    ['address@port as resolvers write it', '192.0.2.53@53', ['host-port 192.0.2.53 53']],
    ['a server with two ports', 'zk-0.zk:2888:3888:participant', ['host-port zk-0.zk 2888', 'host-port zk-0.zk 3888']],
    ['a range of hosts', 'http://store{1...3}/data{1...2}', ['url store1', 'url store2', 'url store3']],
    ['a range in a cluster name', 'http://s-{0..1}.s.shop.svc.cluster.local:9000/x', ['url s-0.s.shop.svc.cluster.local 9000', 'url s-1.s.shop.svc.cluster.local 9000']],
    ['an address in the query of a bucket', 's3://files?region=x&endpoint=store:8333&insecure=true', ['host-port store 8333']],
    ['quotes', '"redis:6379"', ['host-port redis 6379']],
    ['IPv6 with a port', '[2001:db8::5]:587', ['host-port 2001:db8::5 587']],
  ])('reads %s', (_reason, value, expected) => {
    expect(text(scanValue(value, 'address'))).toEqual(expected);
  });

  it.each([
    ['a time', '12:30:05'],
    ['an image', 'registry.example.com/team/app:8080'],
    ['a port too large', 'db:70000'],
    ['a switch', 'true'],
    ['a sentence', 'the quick brown: fox'],
    ['a listen address', ':8080'],
    ['a regex', '^(checkout|payments)\\.shop\\.svc$'],
    ['names of a certificate', 'web,web.shop.svc,web.shop.svc.cluster.local'],
    ['a range without end', 'x{9...1}'],
    ['a label', 'app.kubernetes.io/name: web'],
  ])('finds nothing in %s', (_reason, value) => {
    expect(text(scanValue(value, 'neutral')).filter((each) => !each.startsWith('host '))).toEqual([]);
  });

  it('reads nothing of a list of places not to use a proxy for', () => {
    expect(scanValue('localhost,db,cache:6379', 'never')).toEqual([]);
  });
});

describe('a bare value under a setting for addresses', () => {
  it.each(['true', 'off', 'y', '_site_', '8080', '1.2', 'a/b c', '*'])('%s is no host', (value) => {
    expect(scanValue(value, 'address')).toEqual([]);
  });
});

describe('scanProse', () => {
  it('knows a call with a host and a port', () => {
    expect(text(scanProse("socket.connect(('db', 5432))"))).toEqual(['dsn db 5432']);
  });

  it('takes no bare word for a host', () => {
    expect(scanProse('waiting for db to come up')).toEqual([]);
  });

  it('stays linear on hostile text', () => {
    const started = performance.now();
    for (const unit of ['a', ':', 'a:', 'a.', '._', '.svc', 'host=', "'a',", '[', '[::']) scanProse(unit.repeat(300_000 / unit.length));
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});
