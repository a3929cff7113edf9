// Looks at the host of the network namespace it runs in, and says each batch of what it finds as one JSON line.
import { HostSource } from '#sources/hosts';

const source = new HostSource({
  node: process.argv[2] ?? 'node-a',
  everyMs: 50,
  handlers: {
    updates: (updates) => {
      say({ updates });
    },
    inSync: () => {
      say({ inSync: true });
    },
    problem: (problem) => {
      say({ problem });
    },
  },
});
source.start();
process.stdin.resume().on('end', () => {
  process.exit(0);
});

function say(message: object): void {
  process.stdout.write(`${JSON.stringify(message, (_name, value: unknown) => (typeof value === 'bigint' ? `${String(value)}n` : value))}\n`);
}
