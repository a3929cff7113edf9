import { describe, expect, it } from '@jest/globals';

import { scanUrls } from './url-scan.ts';

function found(text: string): readonly string[] {
  return scanUrls(text).mentions.map(({ scheme, host, port }) => `${scheme ?? '-'} ${host}${port === undefined ? '' : ` ${String(port)}`}`);
}

describe('scanUrls', () => {
  it.each([
    ['a plain URL', 'http://api:8080/v1', ['http api 8080']],
    ['no port', 'https://api.shop.svc.cluster.local/x?y=z', ['https api.shop.svc.cluster.local']],
    ['a user and password', 'postgres://user:pw@db:5432/app?sslmode=disable', ['postgres db 5432']],
    ['a password with a slash and a hash', 'postgres://user:p/w#x@db:5432/app', ['postgres db 5432']],
    ['several hosts', 'mongodb://u:p@m-0.m:27017,m-1.m:27017,m-2.m:27017/db?replicaSet=rs', ['mongodb m-0.m 27017', 'mongodb m-1.m 27017', 'mongodb m-2.m 27017']],
    ['several URLs in a list', 'http://es-0:9200,http://es-1:9200', ['http es-0 9200', 'http es-1 9200']],
    ['a JDBC URL', 'jdbc:postgresql://ledger-db:5432/postgresdb', ['postgresql ledger-db 5432']],
    ['a JDBC URL with options', 'jdbc:mysql:loadbalance://a:3306,b:3307/x', ['mysql a 3306', 'mysql b 3307']],
    ['a JDBC URL for SQL Server', 'jdbc:sqlserver://mssql:1433;databaseName=x', ['sqlserver mssql 1433']],
    ['a JDBC URL for Oracle', 'jdbc:oracle:thin:@ora:1521:XE', ['oracle ora 1521']],
    ['a Go MySQL address', 'root:pw@tcp(mysql:3306)/app', ['- mysql 3306']],
    ['gRPC name resolution', 'dns:///pricing:50051', ['dns pricing 50051']],
    ['an IPv6 address', 'http://[2001:db8::1]:8080/', ['http 2001:db8::1 8080']],
    ['a listener without a host', 'PLAINTEXT://:9092,CONTROLLER://kafka:9093', ['controller kafka 9093']],
    ['an address in the path, percent-encoded', 'https://sso.example.com/?next=http%3A%2F%2Fapp%3A3000%2F', ['https sso.example.com', 'http app 3000']],
    ['an unexpanded port', 'http://api:${PORT}/', ['http api']],
    ['a driver in the scheme', 'postgresql+asyncpg://u:p@db/app', ['postgresql+asyncpg db']],
  ])('reads %s', (_reason, text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  it.each([
    ['a file', 'file:///etc/passwd'],
    ['a socket', 'unix:///var/run/docker.sock'],
    ['an identity', 'spiffe://example.com/ns/shop/sa/checkout'],
    ['a bucket', 's3://backups/db'],
    ['an image', 'docker://registry/app:1.2'],
    ['nothing behind the scheme', 'http://'],
    ['a host that can be none', 'http://-bad-/'],
  ])('finds no host in %s', (_reason, text) => {
    expect(found(text)).toEqual([]);
  });

  it('stays linear on hostile text', () => {
    const started = performance.now();
    for (const unit of ['://', 'a://b@', 'http://a,', 'jdbc:oracle:thin:', '@tcp(', '%253A%252F']) scanUrls(unit.repeat(300_000 / unit.length));
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});
