/** What a ruleset's text holds, still as words. */
export interface RulesetText {
  readonly sets: readonly SetText[];
  readonly chains: readonly ChainText[];
  /** What the text says about its numbered rules. */
  readonly notes: ReadonlyMap<number, RuleNote>;
}

export interface SetText {
  readonly kind: 'set' | 'map';
  readonly name: string;
  readonly line: number;
  /** What follows `typeof`. */
  readonly type: string;
  readonly isInterval: boolean;
  readonly hasTimeouts: boolean;
  readonly elements: readonly string[];
}

export interface ChainText {
  readonly name: string;
  readonly line: number;
  readonly hook: string | undefined;
  readonly rules: readonly RuleText[];
}

export interface RuleText {
  readonly line: number;
  readonly text: string;
}

export interface RuleNote {
  readonly policy: string;
  readonly rule: string;
  readonly application?: string;
}

/** Throws with the line a ruleset is not understood at: what is not understood must not be skipped. */
export function refuse(line: number, what: string): never {
  throw new Error(`read ruleset: line ${String(line)}: ${what}`);
}

const TABLE = 'inet ringfence';

/** Splits a ruleset into its objects. */
export function readRulesetText(text: string): RulesetText {
  const lines = text.split('\n');
  const notes = new Map<number, RuleNote>();
  const sets: SetText[] = [];
  const chains: ChainText[] = [];
  let isInside = false;
  let isClosed = false;
  for (let at = 0; at < lines.length; at += 1) {
    const line = (lines[at] ?? '').trim();
    if (line === '') continue;
    if (line.startsWith('#')) {
      readNote(line, at + 1, notes);
    } else if (!isInside) {
      if (isClosed) refuse(at + 1, 'text after the table');
      if (line === `table ${TABLE} {`) isInside = true;
      else if (line !== `add table ${TABLE}` && line !== `delete table ${TABLE}`) refuse(at + 1, 'not our table');
    } else if (line === '}') {
      isInside = false;
      isClosed = true;
    } else {
      at = readObject(lines, at, sets, chains);
    }
  }
  if (!isClosed) refuse(lines.length, 'the table does not end');
  return { sets, chains, notes };
}

const NOTE = /^# rule (\d+) (\{.*\})$/;

function readNote(line: string, number: number, notes: Map<number, RuleNote>): void {
  const match = NOTE.exec(line);
  if (match === null) return;
  const note: unknown = JSON.parse(match[2] ?? '');
  if (!isRuleNote(note)) refuse(number, 'a note about a rule that does not name it');
  notes.set(Number(match[1]), note);
}

function isRuleNote(value: unknown): value is RuleNote {
  if (typeof value !== 'object' || value === null || !('policy' in value) || !('rule' in value)) return false;
  return typeof value.policy === 'string' && typeof value.rule === 'string';
}

const OPENING = /^(set|map|chain) ([A-Za-z][A-Za-z0-9_]*) \{$/;

function readObject(lines: readonly string[], start: number, sets: SetText[], chains: ChainText[]): number {
  const [, kind, name = ''] = OPENING.exec((lines[start] ?? '').trim()) ?? refuse(start + 1, `unknown object: ${lines[start] ?? ''}`);
  if (kind === 'chain') return readChain(lines, start, name, chains);
  return readSet(lines, start, { kind: kind === 'map' ? 'map' : 'set', name, line: start + 1 }, sets);
}

function readChain(lines: readonly string[], start: number, name: string, chains: ChainText[]): number {
  const rules: RuleText[] = [];
  let hook: string | undefined;
  for (let at = start + 1; at < lines.length; at += 1) {
    const line = (lines[at] ?? '').trim();
    if (line === '}') {
      chains.push({ name, line: start + 1, hook, rules });
      return at;
    }
    if (line.startsWith('type ')) hook = readHook(line, at + 1);
    else if (line !== '' && !line.startsWith('comment ')) rules.push({ line: at + 1, text: line });
  }
  return refuse(start + 1, `chain ${name} does not end`);
}

const HOOK = /^type filter hook (prerouting|forward|input|output) priority -?\d+; policy accept;$/;

function readHook(line: string, number: number): string {
  return HOOK.exec(line)?.[1] ?? refuse(number, `unknown hook: ${line}`);
}

function readSet(lines: readonly string[], start: number, head: Pick<SetText, 'kind' | 'name' | 'line'>, sets: SetText[]): number {
  let type: string | undefined;
  let isInterval = false;
  let hasTimeouts = false;
  let elements: readonly string[] = [];
  for (let at = start + 1; at < lines.length; at += 1) {
    const line = (lines[at] ?? '').trim();
    if (line === '}') {
      sets.push({ ...head, type: type ?? refuse(start + 1, 'a set without a type'), isInterval, hasTimeouts, elements });
      return at;
    }
    if (line.startsWith('typeof ')) type = line.slice('typeof '.length);
    else if (line === 'flags interval') isInterval = true;
    else if (line === 'flags timeout') hasTimeouts = true;
    else if (line === 'elements = {') {
      const end = endOfElements(lines, at);
      elements = lines.slice(at + 1, end).join(' ').split(',').map((element) => element.trim());
      at = end;
    } else if (line !== '' && !line.startsWith('comment ')) refuse(at + 1, `unknown in a set: ${line}`);
  }
  return refuse(start + 1, `set ${head.name} does not end`);
}

function endOfElements(lines: readonly string[], start: number): number {
  const end = lines.findIndex((line, at) => at > start && line.trim() === '}');
  return end < 0 ? refuse(start + 1, 'the elements do not end') : end;
}
