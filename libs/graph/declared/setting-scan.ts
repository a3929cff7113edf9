import { isPortNumber } from '#model';

import { type OffSwitch, findSwitch, offSwitches } from './feature-switch.ts';
import { keyMeaning } from './key-meaning.ts';
import { stemOf, wordsOf } from './key-words.ts';
import type { KeyedMention } from './mention.ts';
import type { Setting } from './setting.ts';
import { scanValue } from './value-scan.ts';

// more than any file of settings has; what is behind is data
const MOST_MENTIONS = 5000;
const MAX_PAIRED = 5000;

/**
 * Finds the addresses in a group of settings that belong together, with ports from their `*_PORT`
 * siblings and a note where a sibling switches the feature off.
 */
export function scanSettings(settings: readonly Setting[], switches: readonly Setting[] = settings): readonly KeyedMention[] {
  const mentions: KeyedMention[] = [];
  let ports: PortSiblings | undefined;
  let off: readonly OffSwitch[] | undefined;
  let keysOfPorts: ReadonlySet<string> | undefined;
  for (const setting of settings) {
    if (mentions.length >= MOST_MENTIONS) break;
    const place = placeNamed(setting.key, () => (keysOfPorts ??= portKeys(settings)));
    const meaning = place === undefined ? keyMeaning(setting.key) : 'address';
    for (const mention of scanValue(setting.value, meaning)) {
      ports ??= portSiblings(settings);
      off ??= offSwitches(switches);
      const switchedOffBy = findSwitch(setting.key, off);
      const siblings = mention.port === undefined && mention.portName === undefined ? siblingPorts(place ?? setting.key, setting.position, ports) : [];
      const base: KeyedMention = { ...mention, key: setting.key, meaning, position: setting.position, ...(switchedOffBy === undefined ? {} : { switchedOffBy }) };
      if (siblings.length === 0) mentions.push(base);
      for (const port of siblings) mentions.push({ ...base, port, hasSiblingPort: true });
    }
  }
  return mentions;
}

// CACHE_SERVICE_NAME says where something is if there is a CACHE_SERVICE_PORT beside it
const NAMED_SERVICE = /^(.{1,200}[_.-](?:service|svc|server)[_.-]?)name$/i;

function placeNamed(key: string, ports: () => ReadonlySet<string>): string | undefined {
  const place = key.length > 260 ? undefined : NAMED_SERVICE.exec(key)?.[1];
  return place !== undefined && ports().has(`${place}port`.toLowerCase()) ? place : undefined;
}

function portKeys(settings: readonly Setting[]): ReadonlySet<string> {
  return new Set(settings.slice(0, MAX_PAIRED).flatMap(({ key, value }) => (/port$/i.test(key) && isPortNumber(Number(unquoted(value))) ? [key.toLowerCase()] : [])));
}

interface PortSibling {
  readonly port: number;
  readonly position: number;
}
type PortSiblings = ReadonlyMap<string, readonly PortSibling[]>;

function portSiblings(settings: readonly Setting[]): PortSiblings {
  const siblings = new Map<string, PortSibling[]>();
  for (const { key, value, position } of settings.slice(0, MAX_PAIRED)) {
    const port = Number(unquoted(value));
    if (!isPortNumber(port)) continue;
    const words = wordsOf(key);
    if (!words.slice(-2).some((word) => word === 'port' || word === 'ports')) continue;
    const stem = stemOf(words).join(' ');
    const list = siblings.get(stem) ?? [];
    list.push({ port, position });
    siblings.set(stem, list);
  }
  return siblings;
}

/**
 * The port of the same stem; where a file has several (host and port twice), the nearest after,
 * else the nearest before. With none, ports one word longer: `BUS_HOST`, `BUS_IN_PORT`, `BUS_OUT_PORT`.
 */
function siblingPorts(key: string, position: number, ports: PortSiblings): readonly number[] {
  const words = wordsOf(key);
  const stem = stemOf(words).join(' ');
  const list = ports.get(stem);
  if (list !== undefined) {
    const near = nearest(list, position);
    return near === undefined ? [] : [near.port];
  }
  if (stem === '' || ports.size > 200) return [];
  const own = longerPorts(words.slice(0, -1).join(' '), ports);
  return own.length > 0 ? own : longerPorts(stem, ports);
}

function longerPorts(stem: string, ports: PortSiblings): readonly number[] {
  const longer = [...ports].filter(([each]) => each.startsWith(`${stem} `) && !each.slice(stem.length + 1).includes(' ') && !SIDE.test(each));
  return [...new Set(longer.flatMap(([, siblings]) => siblings.map(({ port }) => port)))];
}

// positions only grow, so the one after is found by halving
function nearest(list: readonly PortSibling[], position: number): PortSibling | undefined {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle]?.position ?? 0) < position) low = middle + 1;
    else high = middle;
  }
  const after = list[low];
  const before = list[low - 1];
  if (after === undefined || before === undefined) return after ?? before;
  return after.position - position <= 2 * (position - before.position) ? after : before;
}

const SIDE = / (?:metrics?|debug|health|management|jmx|prometheus|probe|status|monitor)$/;

function unquoted(value: string): string {
  return value.trim().replace(/^["']|["'];?$/g, '').trim().replace(/^:/, '') || 'none';
}
