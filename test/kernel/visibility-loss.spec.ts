import { spawnSync } from 'node:child_process';

import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { type ConnectionChange, ConnectionListener } from '../../libs/dataplane/visibility/connection-listener.ts';
import { LogListener } from '../../libs/dataplane/visibility/log-listener.ts';
import { describeKernel } from '../support/kernel.ts';
import { SERVER, VisibilityWorld } from './visibility-world.ts';

const PATIENCE_MS = 60_000;
const FLOWS = 1_500;

// One socket a datagram, so that each is a connection of its own; synchronous for whoever waits.
const SPRAY = `
const { createSocket } = require('node:dgram');
const [host, port, from, count] = process.argv.slice(1);
let at = 0;
(function next() {
  if (at === Number(count)) return;
  const socket = createSocket('udp4');
  socket.bind(Number(from) + at++, () => socket.send('x', Number(port), host, () => socket.close(next)));
})();
`;

describeKernel('what got lost on the way from the kernel', () => {
  let world: VisibilityWorld;

  beforeAll(() => {
    world = new VisibilityWorld();
    world.load(`
table inet ringfence {
	chain forward {
		type filter hook forward priority -10; policy accept;
		ct state new udp dport 7000 ct mark set 0x01000000
		udp dport 7001 log prefix "ringfence:D:flood" group 7 snaplen 128 queue-threshold 1 drop
	}
}`);
  });
  afterAll(async () => {
    await world.close();
  });

  // the event loop stands still meanwhile, so nobody reads
  function spray(port: number, from: number, count: number): void {
    const ran = world.client.run(() => spawnSync(process.execPath, ['-e', SPRAY, SERVER.four, String(port), String(from), String(count)], { encoding: 'utf8' }));
    expect(ran).toMatchObject({ status: 0, stderr: '' });
  }

  it('connection events: every one was seen or counted as lost, and the list read again shows all that are alive', async () => {
    const seen: Record<ConnectionChange, number> = { new: 0, update: 0, destroy: 0, alive: 0 };
    let lost = 0;
    let unreadable = 0;
    let listener: ConnectionListener | undefined;
    try {
      await new Promise<void>((resolve) => {
        listener = new ConnectionListener(
          {
            connection: (change, { mark }) => {
              if (mark === 0x01000000) seen[change] += 1;
            },
            lost: (events) => {
              lost += events;
            },
            resynced: (isWhole) => {
              expect(isWhole).toBe(true);
              resolve();
            },
            unreadable: () => {
              unreadable += 1;
            },
          },
          { namespacePath: world.node.path, receiveBufferBytes: 16_384 },
        );
        spray(7000, 20_000, FLOWS);
      });
    } finally {
      listener?.close();
    }
    expect(unreadable).toBe(0);
    expect(seen.new).toBeGreaterThan(0);
    expect(seen.new).toBeLessThan(FLOWS);
    // others of this namespace may be among the lost, as neighbour discovery is
    expect(seen.new + lost).toBeGreaterThanOrEqual(FLOWS);
    expect(seen.new + lost).toBeLessThan(FLOWS + 20);
    expect(seen.alive).toBe(FLOWS);
  }, PATIENCE_MS);

  it('log records: the gap in their numbers is exactly what is missing', async () => {
    let seen = 0;
    let lost = 0;
    const listener = new LogListener(
      {
        packet: () => {
          seen += 1;
        },
        lost: (packets) => {
          lost += packets;
        },
        unreadable: () => undefined,
      },
      { namespacePath: world.node.path, group: 7, queueThreshold: 1, receiveBufferBytes: 16_384 },
    );
    try {
      spray(7001, 20_000, FLOWS);
      await eventually(() => lost > 0);
      expect(seen).toBeLessThan(FLOWS);
      // until what waits has been read nothing more arrives; the first that does tells by its number
      let sent = FLOWS;
      await eventually(() => {
        if (seen + lost >= sent) return sent > FLOWS;
        spray(7001, 30_000, 1);
        sent += 1;
        return false;
      });
      expect(seen + lost).toBe(sent);
    } finally {
      listener.close();
    }
  }, PATIENCE_MS);

  it('a second listener of the same group is refused', () => {
    const visitor = { packet: () => undefined, lost: () => undefined, unreadable: () => undefined };
    const first = new LogListener(visitor, { namespacePath: world.node.path, group: 7 });
    try {
      expect(() => new LogListener(visitor, { namespacePath: world.node.path, group: 7 })).toThrow(/log group 7: EPERM/);
    } finally {
      first.close();
    }
  });
});

async function eventually(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS / 2;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error('it does not happen');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
