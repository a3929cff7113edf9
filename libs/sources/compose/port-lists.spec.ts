import { describe, expect, it } from '@jest/globals';
import { stringify } from 'yaml';

import type { Diagnostic } from '#model';

import { readComposeYaml } from './compose-yaml.ts';
import { readPorts } from './port-lists.ts';

function read(service: { readonly ports?: unknown; readonly expose?: unknown }) {
  const diagnostics: Diagnostic[] = [];
  const report = (diagnostic: Diagnostic): void => void diagnostics.push(diagnostic);
  const [node] = readComposeYaml(stringify(service), { file: 'compose.yaml', folder: '.', variables: new Map(), report });
  return { ...readPorts(node!, 'Compose service shop/web', report), diagnostics };
}

describe('a published port', () => {
  it.each([
    [80, { target: 80, protocol: 'TCP' }],
    ['80', { target: 80, protocol: 'TCP' }],
    ['8080:80', { target: 80, protocol: 'TCP', hostPort: 8080 }],
    ['8125:8125/udp', { target: 8125, protocol: 'UDP', hostPort: 8125 }],
    ['3868:3868/SCTP', { target: 3868, protocol: 'SCTP', hostPort: 3868 }],
    ['127.0.0.1:8080:80', { target: 80, protocol: 'TCP', hostAddress: '127.0.0.1', hostPort: 8080 }],
    ['127.0.0.1::80', { target: 80, protocol: 'TCP', hostAddress: '127.0.0.1' }],
    ['[::1]:8080:80', { target: 80, protocol: 'TCP', hostAddress: '::1', hostPort: 8080 }],
    ['[2001:db8::1]::53/udp', { target: 53, protocol: 'UDP', hostAddress: '2001:db8::1' }],
    ['::1:8080:80', { target: 80, protocol: 'TCP', hostAddress: '::1', hostPort: 8080 }],
    ['8000-8009:80', { target: 80, protocol: 'TCP' }],
    [{ target: 80, published: '8080', host_ip: '192.0.2.1', protocol: 'tcp', mode: 'host' }, { target: 80, protocol: 'TCP', hostAddress: '192.0.2.1', hostPort: 8080 }],
    [{ target: 53, protocol: 'udp' }, { target: 53, protocol: 'UDP' }],
  ])('%j', (port, published) => {
    expect(read({ ports: [port] })).toMatchObject({ published: [published], diagnostics: [] });
    expect(read({ ports: [port] }).container).toEqual([{ port: published.target, protocol: published.protocol }]);
  });

  it('in a range goes one to one', () => {
    expect(read({ ports: ['9000-9002:8000-8002'] }).published).toEqual([
      { target: 8000, protocol: 'TCP', hostPort: 9000 },
      { target: 8001, protocol: 'TCP', hostPort: 9001 },
      { target: 8002, protocol: 'TCP', hostPort: 9002 },
    ]);
  });

  it('has the name the long form gives', () => {
    expect(read({ expose: ['80'], ports: [{ target: 80, name: 'http' }] }).container).toEqual([{ port: 80, protocol: 'TCP', name: 'http' }]);
  });

  it.each(['', 'http', '0', '70000', '80:', '90-80', '80/icmp', '80/xyz', '1:2:3:4x:80', { published: 80 }, { target: 80, protocol: 'icmpx' }, ['80'], null])('is none: %j', (port) => {
    const { container, published, diagnostics } = read({ ports: ['443', port] });
    expect([container.length, published.length]).toEqual([1, 1]);
    expect(diagnostics).toMatchObject([{ code: 'compose-port-invalid', origin: { file: 'compose.yaml' } }]);
  });
});

it('exposed ports are not published', () => {
  expect(read({ expose: ['3000', 3001, '8080-8081/tcp', '53/udp'] })).toMatchObject({
    container: [{ port: 53 }, { port: 3000 }, { port: 3001 }, { port: 8080 }, { port: 8081 }],
    published: [],
    diagnostics: [],
  });
});

it('a range of all ports is cut, and said to be', () => {
  const { container, published, diagnostics } = read({ ports: ['1-65535:1-65535', '1-65535:1-65535/udp'] });
  expect([container.length, published.length]).toEqual([256, 256]);
  expect(diagnostics.map(({ code }) => code)).toEqual(['compose-ports-cut', 'compose-ports-cut']);
});
