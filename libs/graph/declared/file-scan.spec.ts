import { describe, expect, it } from '@jest/globals';

import { scanFile } from './file-scan.ts';

function scan(name: string, text: string): readonly string[] {
  const told = scanFile(name, text, new Map(), []).filter(({ form, meaning }) => (form !== 'host' || meaning === 'address') && meaning !== 'own' && meaning !== 'browser');
  return told.map(({ host, port, switchedOffBy }) => `${host}${port === undefined ? '' : ` ${String(port)}`}${switchedOffBy === undefined ? '' : ' off'}`);
}

describe('scanFile', () => {
  it.each([
    [
      'nginx: servers of an upstream, not the upstream itself',
      'nginx.conf',
      'upstream backend {\n  server web:3000;\n  server web2 weight=5;\n}\nserver {\n  listen 80;\n  server_name shop.example.com;\n  location / { proxy_pass http://backend; }\n  location /api {\n    proxy_pass http://api:8080/;\n    proxy_set_header Host other;\n    fastcgi_pass php:9000;\n  }\n}\n',
      ['web 3000', 'web2', 'api 8080', 'php 9000'],
    ],
    ['nginx: a variable', 'default.conf', 'server {\n  set $up http://api:80;\n  proxy_pass $up;\n}\n', ['api 80', 'api 80']],
    ['HAProxy', 'haproxy.cfg', 'frontend in\n  bind *:80\n  default_backend web\nbackend web\n  server s1 web-1:8080 check\n', ['web-1 8080']],
    ['Caddy', 'Caddyfile', 'shop.example.com {\n  reverse_proxy app:8080\n}\n', ['app 8080']],
    ['properties', 'application.properties', 'server.port=8080\nspring.redis.host=redis\nspring.redis.port=6379\n# spring.datasource.url=jdbc:mysql://old:3306/x\nspring.datasource.url=jdbc:mysql://db:3306/x\n', ['redis 6379', 'db 3306']],
    ['YAML', 'application.yml', 'spring:\n  data:\n    mongodb:\n      host: mongo\n      port: 27017\n  application:\n    name: cart\n', ['mongo 27017']],
    ['Prometheus', 'prometheus.yml', "scrape_configs:\n  - job_name: web\n    static_configs:\n      - targets: ['web:9102', 'api:8080']\n", ['web 9102', 'api 8080']],
    ['Envoy', 'envoy.yaml', 'address:\n  socket_address:\n    address: api\n    port_value: 8080\n', ['api 8080']],
    ['JSON', 'config.json', '{"redis": {"host": "redis", "port": 6379}, "log": {"level": "debug"}}', ['redis 6379']],
    ['a section switched off', 'config.yaml', 'tracing:\n  enabled: false\n  endpoint: http://jaeger:14268\n', ['jaeger 14268 off']],
    ['TOML', 'app.toml', '[database]\nhost = "db"\nport = 5432\n[cache]\naddr = "redis:6379"\n', ['db 5432', 'redis 6379']],
    ['Fluent Bit', 'fluent-bit.conf', '[OUTPUT]\n    Name es\n    Host elasticsearch\n    Port 9200\n', ['elasticsearch 9200']],
    ['XML', 'core-site.xml', '<configuration>\n  <property>\n    <name>fs.defaultFS</name>\n    <value>hdfs://namenode:8020</value>\n  </property>\n</configuration>\n', ['namenode 8020']],
    ['rules of alerting', 'alerts.yml', 'groups:\n- name: x\n  rules:\n  - alert: Slow\n    expr: up == 0\n    labels: {service: web}\n', []],
    ['a script', 'entry.sh', '#!/bin/sh\nset -e\nuntil nc -z db 5432; do sleep 1; done\n', ['db 5432']],
    ['a script inside YAML', 'jobs.yaml', 'job:\n  script: |\n    set -e\n    psql -h db -c "select 1"\n', ['db']],
    ['YAML that is only nearly YAML', 'config.yaml', 'a: {{ .Values.x }}\nurl: http://api:8080\n{{ end }}\n', ['api 8080']],
    ['one line', 'DB_HOST', 'db\n', ['db']],
    ['code', 'settings.py', "# http://docs.example.org\nREDIS = Redis(host='redis', port=6379)\n", ['redis 6379']],
  ])('reads %s', (_reason, name, text, expected) => {
    expect(scan(name, text)).toEqual(expected);
  });

  it.each([
    ['a certificate', 'ca.crt', '-----BEGIN CERTIFICATE-----\nhttp://ca:80\n'],
    ['a page', 'index.html', '<html><a href="http://api:8080">api</a></html>'],
    ['settings for a page', 'config.txt', 'window.config = {\n api: "http://api:8080"\n}'],
    ['a dashboard', 'd.json', '{"panels": [{"url": "http://api:8080"}], "schemaVersion": 30}'],
    ['the key of a lock file', 'package-lock.json', '{"resolved": "https://registry.npmjs.org/x:80"}'],
    ['comments', 'app.conf', '# http://api:8080\n; host=db\n// http://x:1\nlevel = info\n'],
  ])('finds no address in %s', (_reason, name, text) => {
    expect(scan(name, text)).toEqual([]);
  });

  it.each([
    ['YAML aliases that explode', 'x.yaml', `a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 9 }, (_, i) => `${'bcdefghij'.charAt(i)}: &${'bcdefghij'.charAt(i)} [*${'abcdefghi'.charAt(i)},*${'abcdefghi'.charAt(i)},*${'abcdefghi'.charAt(i)},*${'abcdefghi'.charAt(i)}]`).join('\n')}`],
    ['deep nesting', 'x.json', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['a key that is a prototype', 'x.json', '{"__proto__": {"host": "db"}, "constructor": 1, "hasOwnProperty": "x"}'],
    ['one line of a megabyte', 'x.conf', 'a=b;'.repeat(250_000)],
    ['many short lines', 'x.conf', 'host x\n'.repeat(60_000)],
    ['an unclosed element', 'x.xml', `<a ${'b="'.repeat(200_000)}`],
  ])('survives %s', (_reason, name, text) => {
    const started = performance.now();
    expect(() => scanFile(name, text, new Map(), [])).not.toThrow();
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});
