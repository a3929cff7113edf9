import type { Expression } from './expression.ts';

interface Action {
  readonly expression: Expression;
  readonly words: number;
}

const unitSeconds: Readonly<Record<string, number>> = { second: 1, minute: 60, hour: 3_600, day: 86_400 };
const icmpxCodes: Readonly<Record<string, number>> = { 'no-route': 0, 'port-unreachable': 1, 'host-unreachable': 2, 'admin-prohibited': 3 };
const REJECT_TCP_RESET = 1;
const REJECT_ICMPX = 2;

/** Reads a statement that does something without looking at the packet; undefined where there is none. */
export function readAction(words: readonly string[], at: number): Action | undefined {
  switch (words[at]) {
    case 'counter':
      return { expression: { kind: 'counter' }, words: 1 };
    case 'limit':
      return readLimit(words.slice(at, at + 6));
    case 'log':
      return readLog(words, at);
    case 'reject':
      return readReject(words.slice(at, at + 4));
    default:
      return undefined;
  }
}

// limit rate 200/second burst 400 packets
function readLimit([, rateWord, rateText = '', burstWord, burstText = '', packets]: readonly string[]): Action | undefined {
  const match = /^([0-9]{1,9})\/([a-z]+)$/.exec(rateText);
  const seconds = match === null || !Object.hasOwn(unitSeconds, match[2] ?? '') ? undefined : unitSeconds[match[2] ?? ''];
  if (rateWord !== 'rate' || match === null || seconds === undefined) return undefined;
  const rate = Number(match[1]);
  if (burstWord !== 'burst') return { expression: { kind: 'limit', rate, unitSeconds: seconds, burst: 5 }, words: 3 };
  if (!/^[0-9]{1,9}$/.test(burstText) || packets !== 'packets') return undefined;
  return { expression: { kind: 'limit', rate, unitSeconds: seconds, burst: Number(burstText) }, words: 6 };
}

// log prefix "..." group 7 snaplen 96 queue-threshold 32, in any order
function readLog(words: readonly string[], at: number): Action | undefined {
  const said: Record<string, string> = {};
  let count = 1;
  for (;;) {
    const name = words[at + count] ?? '';
    if (!['prefix', 'group', 'snaplen', 'queue-threshold'].includes(name)) break;
    if (said[name] !== undefined) return undefined;
    said[name] = words[at + count + 1] ?? '';
    count += 2;
  }
  const prefix = /^"([^"\\]{0,126})"$/.exec(said['prefix'] ?? '""')?.[1];
  const [group, snaplen, threshold] = [said['group'], said['snaplen'] ?? '0', said['queue-threshold'] ?? '0'];
  if (prefix === undefined || ![group, snaplen, threshold].every((each) => /^[0-9]{1,5}$/.test(each ?? ''))) return undefined;
  return { expression: { kind: 'log', prefix, group: Number(group), snaplen: Number(snaplen), threshold: Number(threshold) }, words: count };
}

// reject with tcp reset, reject with icmpx admin-prohibited
function readReject([, withWord, kind, code = '']: readonly string[]): Action | undefined {
  if (withWord !== 'with') return undefined;
  if (kind === 'tcp') return code === 'reset' ? { expression: { kind: 'reject', type: REJECT_TCP_RESET, code: 0 }, words: 4 } : undefined;
  const number = Object.hasOwn(icmpxCodes, code) ? icmpxCodes[code] : undefined;
  return kind !== 'icmpx' || number === undefined ? undefined : { expression: { kind: 'reject', type: REJECT_ICMPX, code: number }, words: 4 };
}
