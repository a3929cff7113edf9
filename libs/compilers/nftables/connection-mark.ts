import type { NftChain, NftMap } from './nft-object.ts';

/*
 * The connection mark is ours, all of it:
 *
 *   31      30 ... 24      23 ... 12      11 ... 0
 *   unused  generation     egress rule    ingress rule
 *
 * A connection whose generation is in the map `live` is let through at once. Taking a generation
 * out of `live` makes every connection that carries it be judged again, in either direction.
 */

/** How many generations have their stamp chain ready, so that moving to the next one only moves map elements. */
export const GENERATIONS = 8;

export const IS_LIVE = 'ct state established,related ct mark & 0xff000000 vmap @live';

export function connectionMaps(generation: number): readonly NftMap[] {
  if (!Number.isInteger(generation) || generation < 1 || generation > GENERATIONS) {
    throw new Error(`lay out ruleset: generation ${String(generation)} is not 1 to ${String(GENERATIONS)}`);
  }
  const verdict = `goto ${stampChain(generation)}`;
  return [
    { name: 'live', keyType: 'ct mark', why: 'generations whose connections are not judged again', elements: [{ key: mark(generation), verdict: 'accept' }] },
    {
      name: 'current',
      keyType: 'meta nfproto',
      why: 'the generation new connections are stamped with',
      elements: [
        { key: 'ipv4', verdict },
        { key: 'ipv6', verdict },
      ],
    },
  ];
}

export function stampChains(): readonly NftChain[] {
  const generations = Array.from({ length: GENERATIONS }, (_, at) => at + 1);
  return [
    ...generations.map((generation) => ({
      name: stampChain(generation),
      why: `lets a connection through and stamps it with generation ${String(generation)}`,
      isStatic: true,
      rules: [{ text: `ct mark set ct mark & 0x00ffffff | ${mark(generation)} accept` }],
    })),
    { name: 'stamp', why: 'lets a connection through and stamps it', isStatic: true, rules: [{ text: 'meta nfproto vmap @current' }] },
  ];
}

/** The statement that notes which rule let one direction through; empty for a rule without a number a mark can hold. */
export function noteRule(direction: 'ingress' | 'egress', number: number): string {
  if (number < 1 || number > 4095) return '';
  const [kept, noted] = direction === 'ingress' ? ['0xfffff000', number] : ['0xff000fff', number * 4096];
  return `ct mark set ct mark & ${kept} | 0x${noted.toString(16).padStart(8, '0')} `;
}

function stampChain(generation: number): string {
  return `stamp_${String(generation)}`;
}

function mark(generation: number): string {
  return `0x${(generation * 2 ** 24).toString(16).padStart(8, '0')}`;
}
