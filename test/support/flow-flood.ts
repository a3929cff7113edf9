// Sends a datagram of each of so many flows, as fast as they are taken, from the network namespace it runs in.
import { generateFlows } from '../bench/flow-generator.ts';

const [perSecond = 100_000, seconds = 3] = process.argv.slice(2).map(Number);
process.stdout.write(`${String(generateFlows(perSecond, seconds))}\n`);
