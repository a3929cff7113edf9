import { describe, expect, it } from '@jest/globals';

import { HELP, readOptions, stateFolder } from './options.ts';

function why(...args: readonly string[]): string {
  const reading = readOptions(args, {});
  return reading.kind === 'problem' ? reading.why : reading.kind;
}

describe('options of the controller', () => {
  it('write nothing to a cluster, and listen on loopback, unless somebody says otherwise', () => {
    expect(readOptions([], {})).toMatchObject({ kind: 'options', options: { mayWrite: false, enforcesExisting: false, source: 'auto', store: 'sqlite', port: 8470, listen: { host: '127.0.0.1', port: 8471 } } });
  });

  it.each([
    [['--enforce', '--folder', 'out'], { mayWrite: true, folder: 'out' }],
    [['--watch', 'a', '--watch', 'b'], { watch: ['a', 'b'] }],
    [['--listen', '[2001:db8::1]:9000'], { listen: { host: '2001:db8::1', port: 9000 } }],
    [['--store', 'redis://h', '--redis-replicas', '2', '--journal-key', 'k'], { redisReplicas: 2, journalKey: 'k' }],
    [['--listen', '192.0.2.1:9000'], { listen: { host: '192.0.2.1', port: 9000 } }],
    [['--ssh-port', '2022', '--ssh-port', 'edge-1=22,edge-2=2222'], { ssh: { sshPort: 2022, sshPorts: [{ host: 'edge-1', port: 22 }, { host: 'edge-2', port: 2222 }] } }],
    [['--source', 'nodes'], { source: 'nodes', ssh: {} }],
    [['--source', 'lab', '--fresh'], { source: 'lab', isFresh: true, listen: { host: '127.0.0.1', port: 0 } }],
  ] as const)('read %j', (args, expected) => {
    expect(readOptions(args, {})).toMatchObject({ kind: 'options', options: expected });
  });

  it.each([
    [['--source', 'docker'], '--source docker: there are auto, kubernetes, nodes, lab, recorded'],
    [['--store', 'mysql://user:word@host'], '--store: there are sqlite, memory and redis://…'],
    [['--redis-replicas', '1'], '--redis-replicas: the store is no Redis'],
    [['--store', 'redis://h', '--redis-replicas', '1x'], '--redis-replicas 1x: give a number from 0 to 10'],
    [['--port', '70000'], '--port 70000: give a port from 0 to 65535'],
    [['--ssh-port', 'edge-1=ssh'], '--ssh-port edge-1=ssh: give PORT or HOST=PORT'],
    [['--ssh-port', '70000'], '--ssh-port 70000: give PORT or HOST=PORT'],
    [['--listen', '9000'], '--listen 9000: give HOST:PORT or [IPV6]:PORT'],
    [['--listen', '2001:db8::1:9000'], '--listen 2001:db8::1:9000: give HOST:PORT or [IPV6]:PORT'],
    [['--watch', 'a', '--source', 'lab'], '--watch and --source: give one of them'],
  ] as const)('refuse %j, and never say a password', (args, expected) => {
    expect(why(...args)).toBe(expected);
  });

  it('come from the environment where the command line does not say', () => {
    expect(readOptions(['--port', '1'], { RINGFENCE_PORT: '2', RINGFENCE_ENFORCE: 'true', RINGFENCE_STORE: 'memory' })).toMatchObject({ options: { port: 1, mayWrite: true, store: 'memory' } });
  });

  it('are all in the help', () => {
    for (const name of ['watch', 'kubeconfig', 'context', 'source', 'enforce', 'enforce-existing', 'folder', 'state', 'store', 'redis-password-file', 'redis-replicas', 'journal-key', 'port', 'listen', 'ssh-port', 'invariants', 'auto-approval', 'fresh']) expect(HELP).toContain(`--${name} `);
  });

  it('keep the state of each kind of source apart', () => {
    expect(stateFolder({ state: undefined }, 'lab', { XDG_STATE_HOME: '/var/state' })).toBe('/var/state/ringfence/lab');
    expect(stateFolder({ state: '/here' }, 'lab', {})).toBe('/here');
  });
});
