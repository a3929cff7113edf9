import type { NftChain, NftMap } from './nft-object.ts';

/** How many generations have their stamp chain ready, so that moving to the next one only moves map elements. */
export const GENERATIONS = 8;

/**
 * Which bits of a connection's mark mean what. With the whole mark:
 *
 *   31        30          29 ... 24    23 ... 12     11 ... 0
 *   pending   temporary   generation   egress rule   ingress rule
 *
 * A connection whose generation is in the map `live` and that has neither flag is let through at
 * once. Taking a generation out of `live` makes every connection that carries it be judged again, in
 * either direction. `pending` connections wait for their first payload, `temporary` ones were let
 * through by a rule that ends: both are judged packet by packet.
 */
export interface MarkLayout {
  readonly owned: number;
  readonly pending: number;
  readonly temporary: number;
  readonly generation: number;
  readonly egress: number;
  readonly ingress: number;
  /** The highest rule number both rule fields can hold. */
  readonly mostRules: number;
}

/** What one connection's mark says; a rule of 0 is none. */
export interface MarkReading {
  readonly isPending: boolean;
  readonly isTemporary: boolean;
  readonly generation: number;
  readonly egress: number;
  readonly ingress: number;
}

const WHOLE_MARK = 0xffffffff;

/** True where a packet has payload: what lies beyond its end matches nothing. */
export const HAS_PAYLOAD = '@ih,0,8 >= 0x00';

/**
 * Lays the fields out over the bits that are ours, from the highest down; other bits are never
 * changed. Bits need not be neighbours. Throws where there are fewer than 8, which leave no room
 * for a rule number.
 */
export function markLayout(owned = WHOLE_MARK): MarkLayout {
  return owned === WHOLE_MARK ? wholeLayout : layOutMark(owned);
}

const wholeLayout = layOutMark(WHOLE_MARK);

function layOutMark(owned: number): MarkLayout {
  const bits = Array.from({ length: 32 }, (_, at) => 2 ** (31 - at)).filter((bit) => ((owned & bit) >>> 0) === bit);
  if (!Number.isInteger(owned) || owned > WHOLE_MARK || bits.length < 8) throw new Error(`lay out ruleset: ${String(owned)} is no mask of at least 8 bits of a mark`);
  const generationBits = bits.length === 32 ? 6 : 4;
  const rest = bits.slice(2 + generationBits);
  const egress = rest.slice(0, rest.length >> 1);
  return {
    owned,
    pending: sum(bits.slice(0, 1)),
    temporary: sum(bits.slice(1, 2)),
    generation: sum(bits.slice(2, 2 + generationBits)),
    egress: sum(egress),
    ingress: sum(rest.slice(egress.length)),
    mostRules: 2 ** egress.length - 1,
  };
}

export function readMark(layout: MarkLayout, mark: number): MarkReading {
  return {
    isPending: (mark & layout.pending) !== 0,
    isTemporary: (mark & layout.temporary) !== 0,
    generation: gather(mark, layout.generation),
    egress: gather(mark, layout.egress),
    ingress: gather(mark, layout.ingress),
  };
}

export function isLive(layout: MarkLayout): string {
  return `ct state established,related ct mark & ${hex(statusBits(layout))} vmap @live`;
}

export function connectionMaps(layout: MarkLayout, generation: number): readonly NftMap[] {
  if (!Number.isInteger(generation) || generation < 1 || generation > GENERATIONS) {
    throw new Error(`lay out ruleset: generation ${String(generation)} is not 1 to ${String(GENERATIONS)}`);
  }
  const verdict = `goto ${stampChain(generation)}`;
  return [
    { name: 'live', keyType: 'ct mark', why: 'generations whose connections are not judged again', elements: [{ key: hex(spread(generation, layout.generation)), verdict: 'accept' }] },
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

export function stampChains(layout: MarkLayout): readonly NftChain[] {
  const generations = Array.from({ length: GENERATIONS }, (_, at) => at + 1);
  return [
    ...generations.map((generation) => ({
      name: stampChain(generation),
      why: `lets a connection through and stamps it with generation ${String(generation)}`,
      isStatic: true,
      rules: [{ text: `${setMark(layout.generation, spread(generation, layout.generation))} accept` }],
    })),
    {
      name: 'stamp',
      why: 'lets a connection through and stamps it',
      isStatic: true,
      rules: [
        { text: 'meta nfproto @identify jump identify' },
        { text: `${hasSome(layout.pending)} ${HAS_PAYLOAD} ${setMark(layout.pending, 0)}`, comment: 'its first payload has passed whoever looks at it' },
        { text: 'meta nfproto vmap @current' },
      ],
    },
  ];
}

/**
 * The statement that notes which rule let one direction through; empty where there is nothing to
 * note. A rule that ends makes the connection a temporary one.
 */
export function noteRule(layout: MarkLayout, direction: 'ingress' | 'egress', number: number, isTemporary = false): string {
  const field = number >= 1 && number <= layout.mostRules ? layout[direction] : 0;
  const mask = (field | (isTemporary ? layout.temporary : 0)) >>> 0;
  return mask === 0 ? '' : `${setMark(mask, spread(number, field) + (isTemporary ? layout.temporary : 0))} `;
}

/** The statement that gives the bits of `mask` these values, and leaves the others alone. */
export function setMark(mask: number, value: number): string {
  return `ct mark set ct mark & ${hex(~mask)} | ${hex(value)}`;
}

/** The comparison that holds where a connection has none of these flags. */
export function hasNone(mask: number): string {
  return `ct mark & ${hex(mask)} == ${hex(0)}`;
}

function hasSome(mask: number): string {
  return `ct mark & ${hex(mask)} != ${hex(0)}`;
}

function statusBits({ pending, temporary, generation }: MarkLayout): number {
  return (pending | temporary | generation) >>> 0;
}

function stampChain(generation: number): string {
  return `stamp_${String(generation)}`;
}

function hex(value: number): string {
  return `0x${(value >>> 0).toString(16).padStart(8, '0')}`;
}

function sum(bits: readonly number[]): number {
  return bits.reduce((all, bit) => all + bit, 0);
}

/** Puts the bits of a number on the bits of a mask, lowest on lowest. */
function spread(value: number, mask: number): number {
  let placed = 0;
  let left = value;
  for (let bit = 1; bit <= mask; bit *= 2) {
    if (((mask & bit) >>> 0) !== bit) continue;
    if (left % 2 === 1) placed += bit;
    left = Math.floor(left / 2);
  }
  return placed;
}

function gather(mark: number, mask: number): number {
  let value = 0;
  let next = 1;
  for (let bit = 1; bit <= mask; bit *= 2) {
    if (((mask & bit) >>> 0) !== bit) continue;
    if (((mark & bit) >>> 0) === bit) value += next;
    next *= 2;
  }
  return value;
}
