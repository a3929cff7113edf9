import { describe, expect, it } from '@jest/globals';

import { foldProse } from './prose.ts';

const SENTENCE = 'learned shop-data/StatefulSet/sales-db isolates shop-data/sales-db-0 for ingress, and none of its 7 rules allows 5432/TCP';

describe('prose in a terminal', () => {
  it('is folded at spaces, with what goes on further in, and loses no word', () => {
    const folded = foldProse(`DENIED\n    ${SENTENCE}\n`, 80);
    const lines = folded.split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines.slice(1, -1).map((line) => /^ */.exec(line)?.[0].length)).toEqual([4, 6]);
    expect(folded.replaceAll(/\s+/g, ' ').trim()).toBe(`DENIED ${SENTENCE}`);
  });

  it('is one line for whoever searches it in a pipe', () => {
    expect(foldProse(`  ${SENTENCE}\n`, undefined)).toBe(`  ${SENTENCE}\n`);
  });

  it('leaves a command to copy whole', () => {
    const command = '      ringfence edit shop-data/StatefulSet/sales-db --add ingress --peer shop/Deployment/checkout --port 5432/UDP';
    expect(foldProse(command, 80)).toBe(command);
  });

  it('keeps what has no spaces within the terminal, however far in it stands', () => {
    const lines = foldProse(`${' '.repeat(6)}${'x'.repeat(300)}`, 60).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(lines.join('').replaceAll(' ', '')).toBe('x'.repeat(300));
  });
});
