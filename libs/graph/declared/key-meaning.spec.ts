import { describe, expect, it } from '@jest/globals';

import { keyMeaning } from './key-meaning.ts';

describe('keyMeaning', () => {
  it.each(['DB_HOST', 'redisHost', 'spring.datasource.url', 'KAFKA_BROKERS', 'PGHOST', 'API_BASE_URL', 'REDIS_HOSTNAME', 'ConnectionStrings__Catalog', 'bootstrap.servers', 'CART_SERVICE', '--store.endpoint', 'proxy_pass', 'API_URL_INTERNAL', 'HTTPS_PROXY', 'stork.heroes.service-discovery.application', 'DOCS_HOST'])('%s is for an address', (key) => {
    expect(keyMeaning(key)).toBe('address');
  });

  it.each(['DB_NAME', 'OTEL_SERVICE_NAME', 'POSTGRES_USER', 'kafka.topic', 'PGDATABASE', 'consumer_group', 'CACHE_DRIVER', 'RABBITMQ_DEFAULT_PASSWORD', 'RABBITMQ_DEFAULT_PASS', 'job_name', 'spring.application.name'])('%s says what something is called', (key) => {
    expect(keyMeaning(key)).toBe('identity');
  });

  it.each(['NEXT_PUBLIC_API_URL', 'VITE_API_URL', 'REACT_APP_BACKEND', 'CORS_ALLOWED_ORIGINS', 'OAUTH_REDIRECT_URI', 'ALLOWED_HOSTS', '--web.external-url', 'publicUrl', 'COOKIE_DOMAIN', 'runbook_url'])('%s is for browsers', (key) => {
    expect(keyMeaning(key)).toBe('browser');
  });

  it.each(['KAFKA_ADVERTISED_LISTENERS', '--listen', 'bind-address', 'HOSTNAME', 'cluster-announce-ip', 'GF_SERVER_ROOT_URL'])('%s is where the workload itself is found', (key) => {
    expect(keyMeaning(key)).toBe('own');
  });

  it.each(['NO_PROXY', 'no_proxy', '-Dhttp.nonProxyHosts', 'tls.serverName', 'tls_config.server_name', 'dnsNames', 'TLS_SAN', '-ip-addresses', '-dns-names', 'subjectAltName', 'DNS.1', 'SIDECAR_IMAGE', 'IMAGE_TAG'])('%s is no address at all', (key) => {
    expect(keyMeaning(key)).toBe('never');
  });

  it.each(['mongo', 'INVENTORY_BACKEND', 'SESSION_STORE', ''])('%s promises nothing', (key) => {
    expect(keyMeaning(key)).toBe('neutral');
  });
});
