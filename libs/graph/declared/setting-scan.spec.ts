import { describe, expect, it } from '@jest/globals';

import { scanSettings } from './setting-scan.ts';

function scan(settings: Readonly<Record<string, string>>): readonly string[] {
  const list = Object.entries(settings).map(([key, value], position) => ({ key, value, position }));
  return scanSettings(list).map(({ key, host, port, switchedOffBy }) => `${key} ${host}${port === undefined ? '' : ` ${String(port)}`}${switchedOffBy === undefined ? '' : ` off by ${switchedOffBy}`}`);
}

describe('the port of a sibling setting', () => {
  it.each([
    [{ DB_HOST: 'db', DB_PORT: '5432' }, ['DB_HOST db 5432']],
    [{ PGHOST: 'db', PGPORT: '5432' }, ['PGHOST db 5432']],
    [{ REDIS_SERVICE_HOST: 'redis', REDIS_SERVICE_PORT: '6379' }, ['REDIS_SERVICE_HOST redis 6379']],
    [{ 'smtp.host': 'mail', 'smtp.port': '"587"' }, ['smtp.host mail 587']],
    [{ redisHost: 'redis', redisPort: '6379' }, ['redisHost redis 6379']],
    [{ BUS_HOST: 'hub', BUS_PUBLISH_PORT: '4442', BUS_SUBSCRIBE_PORT: '4443', BUS_METRICS_PORT: '9000' }, ['BUS_HOST hub 4442', 'BUS_HOST hub 4443']],
    [{ TRACES_HOST: 'tracer', TRACES_UI_PORT: '16686' }, ['TRACES_HOST tracer 16686']],
    [{ PLAN_SERVER_HOST: 'plan', PLAN_SERVER_UI_PORT: '4321' }, ['PLAN_SERVER_HOST plan 4321']],
    [{ API_HOST: 'api', API_PORT: ':3030' }, ['API_HOST api 3030']],
    [{ NAMES_SERVICE_NAME: 'names', NAMES_SERVICE_PORT: '9288' }, ['NAMES_SERVICE_NAME names 9288']],
    [{ CACHE_HOST: 'redis', DB_PORT: '5432' }, ['CACHE_HOST redis']],
    [{ DB_HOST: 'db:3306', DB_PORT: '5432' }, ['DB_HOST db 3306']],
    [{ HOST_A: 'a', A_PORT: 'no number' }, ['HOST_A a']],
  ])('%j', (settings, expected) => {
    expect(scan(settings as unknown as Readonly<Record<string, string>>)).toEqual(expected);
  });

  it('is the nearest one where a group has the pair twice', () => {
    const list = [
      { key: 'host', value: 'a', position: 1 },
      { key: 'port', value: '1111', position: 2 },
      { key: 'host', value: 'b', position: 3 },
      { key: 'port', value: '2222', position: 4 },
    ];
    expect(scanSettings(list).map(({ host, port }) => `${host} ${String(port)}`)).toEqual(['a 1111', 'b 2222']);
  });
});

describe('a feature switched off beside its address', () => {
  it.each([
    [{ REVIEWS_URL: 'http://reviews', REVIEWS_ENABLED: 'false' }, ['REVIEWS_URL reviews off by REVIEWS_ENABLED']],
    [{ ZIPKIN: 'zipkin.jaeger.svc', JAVA_OPTS: '-Xmx64m -Dspring.zipkin.enabled=false' }, ['ZIPKIN zipkin.jaeger.svc off by spring.zipkin.enabled']],
    [{ DISABLE_TRACING: '1', JAEGER_HOST: 'jaeger' }, ['JAEGER_HOST jaeger off by DISABLE_TRACING']],
    [{ ENABLE_TRACING: '0', COLLECTOR_SERVICE_ADDR: 'otel:4317' }, ['COLLECTOR_SERVICE_ADDR otel 4317 off by ENABLE_TRACING']],
    [{ REVIEWS_URL: 'http://reviews', REVIEWS_ENABLED: 'true' }, ['REVIEWS_URL reviews']],
    [{ REVIEWS_URL: 'http://reviews', RATINGS_ENABLED: 'false' }, ['REVIEWS_URL reviews']],
    [{ DB_HOST: 'db', DB_SSL_ENABLED: 'false' }, ['DB_HOST db']],
  ])('%j', (settings, expected) => {
    expect(scan(settings as unknown as Readonly<Record<string, string>>)).toEqual(expected);
  });
});
