export interface PortSpan {
  readonly from: number;
  readonly to: number;
}

/** The same ports, neighbours joined. */
export function portRanges(ports: readonly number[]): readonly PortSpan[] {
  const spans: { from: number; to: number }[] = [];
  for (const port of [...new Set(ports)].sort((a, b) => a - b)) {
    const last = spans.at(-1);
    if (last !== undefined && last.to + 1 === port) last.to = port;
    else spans.push({ from: port, to: port });
  }
  return spans;
}

// a multiple of it is 1024, so a range never begins below the privileged ports because of one above them
const BLOCK = 256;
const MOST_RANGES = 4;

/**
 * A few ranges that hold all these ports, and more: whole blocks of 256, so that one more port
 * seldom makes another rule; the span from first to last where that is more than four ranges.
 */
export function wideRanges(ports: readonly number[]): readonly PortSpan[] {
  const blocks = portRanges([...new Set(ports.map((port) => Math.floor(port / BLOCK)))]);
  const ranges = blocks.map(({ from, to }) => ({ from: Math.max(1, from * BLOCK), to: (to + 1) * BLOCK - 1 }));
  const [first, last] = [ranges[0], ranges.at(-1)];
  return ranges.length <= MOST_RANGES || first === undefined || last === undefined ? ranges : [{ from: first.from, to: last.to }];
}
