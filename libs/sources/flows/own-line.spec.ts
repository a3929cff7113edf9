import { describe, expect, it } from '@jest/globals';

import { readFlows } from './read-flows.ts';

const good = { time: '2026-01-31T12:00:00Z', from: 'shop/Deployment/web', to: 'shop/db-0', port: 5432, protocol: 'TCP' };

function read(fields: Record<string, unknown>) {
  return readFlows(JSON.stringify({ ...good, ...fields }), 'flows.jsonl');
}

describe('a flow of our own format', () => {
  it.each([
    ['a workload', 'shop/StatefulSet/db', { workload: 'shop/StatefulSet/db', names: [] }],
    ['a Compose service, whose name may have an underscore', 'shop/ComposeService/order_db', { workload: 'shop/ComposeService/order_db', names: [] }],
    ['a pod', 'shop/db-0', { pod: 'shop/db-0', names: [] }],
    ['an IPv4 address', '192.0.2.7', { address: { family: 4, text: '192.0.2.7' }, names: [] }],
    ['an IPv6 address in any spelling', '2001:DB8:0::7', { address: { family: 6, text: '2001:db8::7' }, names: [] }],
    ['a host name, in lower case and without its last dot', 'API.example.com.', { names: ['api.example.com'] }],
    ['a peer that is no workload', 'kube-apiserver', { entity: 'kube-apiserver', names: [] }],
  ])('goes to %s', (_what, to, end) => {
    const { flows, diagnostics } = read({ to });
    expect(diagnostics).toEqual([]);
    expect(flows[0]?.to).toMatchObject(end);
    expect(flows[0]?.from).toEqual({ workload: 'shop/Deployment/web', names: [] });
  });

  it('has one connection that got through unless it says otherwise', () => {
    expect(read({}).flows).toEqual([
      { time: good.time, from: { workload: good.from, names: [] }, to: { pod: good.to, names: [] }, protocol: 'TCP', port: 5432, count: 1, forwarded: true, line: 1 },
    ]);
  });

  it('keeps what else it says', () => {
    const { flows } = read({ to: '192.0.2.7', host: 'db.example.com', count: 3, bytes: 10, application: 'postgresql', forwarded: false, protocol: 'tcp' });
    expect(flows[0]).toMatchObject({ to: { names: ['db.example.com'] }, count: 3, bytes: 10, application: 'postgresql', forwarded: false, protocol: 'TCP' });
  });

  it.each([{ port: undefined }, { port: null }, { port: 0 }])('over ICMP has no port: %j', ({ port }) => {
    expect(read({ protocol: 'ICMP', port }).flows).toMatchObject([{ protocol: 'ICMP', port: null }]);
  });

  it.each([
    ['no time', { time: undefined }, 'time'],
    ['a time that is none', { time: 'yesterday' }, 'time'],
    ['a day that is none', { time: '2026-13-41T12:00:00Z' }, 'time'],
    ['no source', { from: undefined }, 'from'],
    ['a source that is no text', { from: { pod: 'x' } }, 'from'],
    ['a path of four parts', { to: 'a/b/c/d' }, 'to'],
    ['an empty part', { to: 'shop//db' }, 'to'],
    ['a blank in a name', { to: 'shop/Deployment/d b' }, 'to'],
    ['a name of 10,000 characters', { to: `shop/${'x'.repeat(10_000)}` }, 'to'],
    ['a prefix', { to: '192.0.2.0/24' }, 'to'],
    ['an unknown protocol', { protocol: 'IGMP' }, 'protocol'],
    ['a port beyond 65535', { port: 65_536 }, 'port'],
    ['a port as a text', { port: '5432' }, 'port'],
    ['no port', { port: undefined }, 'port'],
    ['a port with ICMP', { protocol: 'ICMP', port: 7 }, 'port'],
    ['half a connection', { count: 0.5 }, 'count'],
    ['less than nothing', { bytes: -1 }, 'bytes'],
    ['a text for a truth value', { forwarded: 'no' }, 'forwarded'],
    ['an application with a line break', { application: 'a\nb' }, 'application'],
    ['a host that is no name', { host: 'a b' }, 'host'],
  ])('is refused for %s', (_what, fields, field) => {
    const { flows, diagnostics } = read(fields);
    expect(flows).toEqual([]);
    expect(diagnostics).toMatchObject([{ code: 'flow-line-invalid', origin: { file: 'flows.jsonl', line: 1 } }]);
    expect(diagnostics[0]?.message).toContain(`\`${field}\``);
    expect(diagnostics[0]!.message.length).toBeLessThan(300);
  });
});
