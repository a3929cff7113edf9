import type { Decision, Endpoint, IpFamily } from '#model';
import type { Evaluator } from '#policy';

import type { Ends, Place } from './scenario-ends.ts';

/*
 * The notation of truth tables, one line for each group of pairs:
 *
 *   web, worker -> db: 5432/TCP
 *   web -> *: 53/UDP 53/TCP
 *   *6 -> api: 8000-8080/TCP ICMP
 *   web -> legacy: all
 *
 * `*` is every end, a family after an end's name keeps the line to it; later lines win over earlier
 * ones, and a pair no line names gets nothing through. `all` is every port that is tried, `TCP`
 * every one of that protocol, a range the ones inside it. A mark before a port says the verdict is
 * no plain allowance: `?` unknown, `~` not the same for every pod of the two.
 */

/** `web -> api@4`, to the ports that get through, each with its mark. */
export type Table = ReadonlyMap<string, string>;

type Mark = '' | '?' | '~' | undefined;

/** The truth of one world, by asking about every port between every two ends. */
export function tableOf(ends: Ends, evaluator: Evaluator, places: readonly Place[]): Table {
  const table = new Map<string, string>();
  for (const [from, to, family] of cells(ends)) table.set(cellName(from, to, family), formatPlaces(places.map((place) => markOf(ends.at(from), ends.at(to), family, place, evaluator)), places));
  return table;
}

/** The same shape from the lines a scenario writes. */
export function readTable(text: string, ends: Ends, places: readonly Place[]): Table {
  const marks = new Map<string, Mark[]>();
  for (const [from, to, family] of cells(ends)) marks.set(cellName(from, to, family), places.map(() => undefined));
  for (const line of text.split('\n').map((each) => each.replace(/ #.*$/, '').trim())) {
    if (line === '') continue;
    const [pairs = '', ports = ''] = splitLine(line);
    const [left = '', right = ''] = pairs.split(' -> ');
    for (const [from, fromFamily] of namesIn(left, ends)) {
      for (const [to, toFamily] of namesIn(right, ends)) {
        for (const family of [4, 6] as const) {
          if ((fromFamily ?? family) !== family || (toFamily ?? family) !== family) continue;
          const key = cellName(from, to, family);
          if (marks.has(key)) marks.set(key, readPlaces(ports, places));
        }
      }
    }
  }
  return new Map([...marks].map(([key, cell]) => [key, formatPlaces(cell, places)]));
}

function* cells(ends: Ends): Generator<readonly [string, string, IpFamily]> {
  for (const from of ends.names()) {
    for (const to of ends.names()) {
      for (const family of [4, 6] as const) if (meetings(ends.at(from), ends.at(to), family).length > 0) yield [from, to, family];
    }
  }
}

function meetings(from: readonly Endpoint[], to: readonly Endpoint[], family: IpFamily): readonly (readonly [Endpoint, Endpoint])[] {
  const [senders, receivers] = [from, to].map((ends) => ends.filter(({ address }) => address.family === family));
  return senders!.flatMap((one) => receivers!.flatMap((other) => (isWorthAsking(one, other) ? [[one, other] as const] : [])));
}

function isWorthAsking(from: Endpoint, to: Endpoint): boolean {
  if (from.kind === 'pod' && to.kind === 'pod') return from.pod !== to.pod;
  return from.kind === 'pod' || to.kind === 'pod';
}

function markOf(from: readonly Endpoint[], to: readonly Endpoint[], family: IpFamily, place: Place, evaluator: Evaluator): Mark {
  const decisions = new Set<Decision>(meetings(from, to, family).map(([one, other]) => evaluator.evaluate({ from: one, to: other, ...place }).decision));
  if (decisions.size > 1) return '~';
  return decisions.has('allow') ? '' : decisions.has('unknown') ? '?' : undefined;
}

function cellName(from: string, to: string, family: IpFamily): string {
  return `${from} -> ${to}@${String(family)}`;
}

function splitLine(line: string): readonly string[] {
  const at = line.lastIndexOf(': ');
  if (at < 0 || !line.includes(' -> ')) throw new Error(`read table line ${JSON.stringify(line)}: expected "from -> to: ports"`);
  return [line.slice(0, at), line.slice(at + 2)];
}

function namesIn(text: string, ends: Ends): readonly (readonly [string, IpFamily | undefined])[] {
  return text.split(', ').flatMap((each) => {
    const [, name = '', digit] = /^(.*?)(?:@([46]))?$/.exec(each.trim())!;
    const family = digit === undefined ? undefined : (Number(digit) as IpFamily);
    if (name !== '*') ends.at(name);
    return (name === '*' ? ends.names() : [name]).map((one) => [one, family] as const);
  });
}

function readPlaces(text: string, places: readonly Place[]): Mark[] {
  const marks: Mark[] = places.map(() => undefined);
  if (text === 'none') return marks;
  for (const word of text.split(/\s+/)) {
    const [, mark = '', from, to = from, protocol] = /^([?~]?)(?:(?:(\d+)(?:-(\d+))?\/)?(TCP|UDP|SCTP|ICMP)|all)$/.exec(word) ?? [];
    if (!word.endsWith('all') && protocol === undefined) throw new Error(`read ports ${JSON.stringify(text)}: unknown word ${word}`);
    const isMeant = (place: Place): boolean =>
      (protocol === undefined || place.protocol === protocol) && (from === undefined || (place.port >= Number(from) && place.port <= Number(to)));
    if (!places.some(isMeant)) throw new Error(`read ports ${JSON.stringify(text)}: nothing tries ${word}`);
    places.forEach((place, at) => {
      if (isMeant(place)) marks[at] = mark as Mark;
    });
  }
  return marks;
}

/** `all`, or the words that say these marks, canonical. */
function formatPlaces(marks: readonly Mark[], places: readonly Place[]): string {
  const whole = marks[0];
  if (marks.every((mark) => mark === whole)) return whole === undefined ? 'none' : `${whole}all`;
  const words: string[] = [];
  for (const protocol of ['TCP', 'UDP', 'SCTP', 'ICMP'] as const) {
    const own = places.flatMap((place, at) => (place.protocol === protocol ? [{ port: place.port, mark: marks[at] }] : []));
    const first = own[0]?.mark;
    if (first !== undefined && own.every(({ mark }) => mark === first)) words.push(`${first}${protocol}`);
    else words.push(...runsOf(own).map(({ from, to, mark }) => `${mark}${from === to ? String(from) : `${String(from)}-${String(to)}`}/${protocol}`));
  }
  return words.join(' ');
}

function runsOf(own: readonly { readonly port: number; readonly mark: Mark }[]): readonly { readonly from: number; readonly to: number; readonly mark: string }[] {
  const runs: { from: number; to: number; mark: string }[] = [];
  own.forEach(({ port, mark }, at) => {
    const previous = runs.at(-1);
    if (mark === undefined) return;
    if (previous?.mark === mark && own[at - 1]?.port === previous.to) previous.to = port;
    else runs.push({ from: port, to: port, mark });
  });
  return runs;
}

/** A table in the notation, as short as it gets by grouping: what a scenario would have to say. */
export function formatTable(table: Table): string {
  const rows = new Map<string, Map<string, Set<string>>>();
  for (const [cell, ports] of familiesJoined(table)) {
    if (ports === 'none') continue;
    const [from = '', to = ''] = cell.split(' -> ');
    const byPorts = rows.get(from) ?? new Map<string, Set<string>>();
    rows.set(from, byPorts.set(ports, (byPorts.get(ports) ?? new Set()).add(to)));
  }
  const groups = new Map<string, string[]>();
  for (const [from, byPorts] of rows) for (const [ports, tos] of byPorts) groups.set(`${[...tos].join(', ')}: ${ports}`, [...(groups.get(`${[...tos].join(', ')}: ${ports}`) ?? []), from]);
  return [...groups].map(([rest, froms]) => `${froms.join(', ')} -> ${rest}\n`).join('');
}

function* familiesJoined(table: Table): Generator<readonly [string, string]> {
  for (const [cell, ports] of table) {
    const [pair = '', family = ''] = cell.split('@');
    const other = table.get(`${pair}@${family === '4' ? '6' : '4'}`);
    if (other === undefined || other === ports) {
      if (family === '4' || other === undefined) yield [pair, ports];
    } else yield [`${pair}@${family}`, ports];
  }
}
