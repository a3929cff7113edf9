import type { Json } from '#model';

import type { Random } from './random.ts';

const HOSTILE: readonly Json[] = [null, true, '', 'x', '__proto__', 'any', '10.0.0.0/8', '::ffff:10.0.0.1/128', '10.0.0.7/24', -1, 0.5, 1e308, 65_536, [], {}, [[]], { kind: 'entity', entity: 'any' }];

/** Changes one place of a JSON value, as a damaged or forged one might be. */
export function mutateJson(json: Json, random: Random): Json {
  if (random.chance(0.15) || typeof json !== 'object' || json === null) return random.pick(HOSTILE);
  if (Array.isArray(json)) {
    const items = [...(json as readonly Json[])];
    if (items.length === 0 || random.chance(0.1)) return [...items, random.pick(HOSTILE)];
    const at = random.below(items.length);
    if (random.chance(0.1)) items.splice(at, 1);
    else items[at] = mutateJson(items[at]!, random);
    return items;
  }
  const fields = Object.entries(json as { readonly [field: string]: Json });
  if (fields.length === 0 || random.chance(0.1)) return JSON.parse(`{${[...fields, [random.pick(['__proto__', 'constructor', 'peers', 'isExact', 'kind']), random.pick(HOSTILE)] as const].map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`) as Json;
  const at = random.below(fields.length);
  const kept = random.chance(0.1) ? fields.filter((_, index) => index !== at) : fields.map(([key, value], index) => [key, index === at ? mutateJson(value, random) : value] as const);
  return Object.fromEntries(kept);
}
