import { AttributeWriter } from '../netlink/attribute-writer.ts';
import { attributesOf, messages, type NetlinkMessage, NLM_F_DUMP, NLM_F_REQUEST } from '../netlink/netlink-message.ts';
import type { NetlinkSocket } from '../netlink/netlink-socket.ts';
import type { ChainReading, RuleCounter, TableReading } from '../driver.ts';
import { readElements } from './element-reader.ts';
import { boundName, readExpression } from './expression-reader.ts';
import { CHAIN, ELEMENTS, HOOK, HOOK_NAMES, MSG, NFNL_SUBSYS_NFTABLES, NFPROTO_INET, RULE, SET, SET_F, TABLE, VERDICT_CODES } from './kernel-numbers.ts';
import { numberInKey, targetsName, VerdictUse } from './numbered-verdicts.ts';
import { readComment } from './user-data.ts';

/** Where the messages that describe a table come from: the kernel, or a batch of our own. */
interface MessageSource {
  forEach(type: number, set: string | undefined, visit: (message: NetlinkMessage) => void): void;
}

const names: Readonly<Record<number, number>> = { [MSG.GETSET]: SET.TABLE, [MSG.GETCHAIN]: CHAIN.TABLE, [MSG.GETRULE]: RULE.TABLE, [MSG.GETSETELEM]: ELEMENTS.TABLE };

/** Lists of one table from the kernel. Nothing is read twice: a list that changed meanwhile is the caller's to notice. */
export class KernelTable implements MessageSource {
  readonly #socket: NetlinkSocket;
  readonly #table: string;
  readonly #writer = new AttributeWriter(256);

  constructor(socket: NetlinkSocket, table: string) {
    this.#socket = socket;
    this.#table = table;
  }

  /** Whether the table is there, and its flags. */
  flags(): number | undefined {
    let flags: number | undefined;
    this.#dump(MSG.GETTABLE, undefined, (message) => {
      const attributes = attributesOf(message);
      if (attributes.text(TABLE.NAME) === this.#table) flags = attributes.u32(TABLE.FLAGS) ?? 0;
    });
    return flags;
  }

  forEach(type: number, set: string | undefined, visit: (message: NetlinkMessage) => void): void {
    this.#dump(type, set, (message) => {
      // before 5.x some of these lists were of all tables, whatever was asked for
      if (attributesOf(message).text(names[type] ?? 1) === this.#table) visit(message);
    });
  }

  #dump(type: number, set: string | undefined, visit: (message: NetlinkMessage) => void): void {
    const writer = this.#writer;
    writer.clear();
    writer.begin((NFNL_SUBSYS_NFTABLES << 8) | type, NLM_F_REQUEST | NLM_F_DUMP, 1, NFPROTO_INET);
    if (type !== MSG.GETTABLE) writer.text(names[type] ?? 1, this.#table);
    if (set !== undefined) writer.text(ELEMENTS.SET, set);
    this.#socket.dump(writer.finish().bytes(), visit);
  }
}

/** What a batch of ours would make of an empty kernel, as lists. */
export class BatchTable implements MessageSource {
  /** By the type of list, and for elements by the set they go to. */
  readonly #lists = new Map<string, NetlinkMessage[]>();

  constructor(bytes: Buffer) {
    for (const message of messages(bytes)) {
      // what is asked for by GETx was made by NEWx
      const type = (message.type & 0xff) + 1;
      const key = type === MSG.GETSETELEM ? listKey(type, elementsOf(message)) : listKey(type, undefined);
      const list = this.#lists.get(key);
      if (list === undefined) this.#lists.set(key, [message]);
      else list.push(message);
    }
  }

  forEach(type: number, set: string | undefined, visit: (message: NetlinkMessage) => void): void {
    for (const message of this.#lists.get(listKey(type, set)) ?? []) visit(message);
  }
}

function listKey(type: number, set: string | undefined): string {
  return `${String(type)} ${set ?? ''}`;
}

function elementsOf(message: NetlinkMessage): string {
  const attributes = attributesOf(message);
  return boundName(attributes.text(ELEMENTS.SET) ?? '', attributes.u32(ELEMENTS.SET_ID));
}

/** Reads everything there is of a table; without elements, only those that are part of a rule. */
export function readTable(source: MessageSource, hasElements = true): TableReading {
  const sets = new Map<string, ReadonlyMap<string, string>>();
  const inline = new Map<string, string>();
  const shapes = new Map<string, boolean>();
  source.forEach(MSG.GETSET, undefined, (message) => {
    const attributes = attributesOf(message);
    const name = boundName(attributes.text(SET.NAME) ?? '', attributes.u32(SET.ID));
    shapes.set(name, ((attributes.u32(SET.FLAGS) ?? 0) & SET_F.ANONYMOUS) !== 0);
  });
  for (const [name, isInline] of shapes) {
    const elements = hasElements || isInline ? readSet(source, name) : new Map<string, string>();
    if (isInline) inline.set(name, `{${[...elements.keys()].sort().map((key) => Buffer.from(key, 'latin1').toString('hex')).join()}}`);
    else sets.set(name, elements);
  }
  return { sets, chains: readChains(source, inline) };
}

export function readSet(source: MessageSource, name: string): ReadonlyMap<string, string> {
  const elements = new Map<string, string>();
  source.forEach(MSG.GETSETELEM, name, (message) => {
    readElements(attributesOf(message), elements);
  });
  return elements;
}

function readChains(source: MessageSource, inline: ReadonlyMap<string, string>): ReadonlyMap<string, ChainReading> {
  const chains = new Map<string, { hook?: string; rules: string[] }>();
  source.forEach(MSG.GETCHAIN, undefined, (message) => {
    const attributes = attributesOf(message);
    const hook = attributes.nested(CHAIN.HOOK);
    const calls = hook === undefined ? {} : { hook: `${HOOK_NAMES[hook.u32(HOOK.NUMBER) ?? -1] ?? '?'} ${String((hook.u32(HOOK.PRIORITY) ?? 0) | 0)} ${attributes.u32(CHAIN.POLICY) === 0 ? 'drop' : 'accept'}` };
    chains.set(attributes.text(CHAIN.NAME) ?? '', { ...calls, rules: [] });
  });
  source.forEach(MSG.GETRULE, undefined, (message) => {
    const attributes = attributesOf(message);
    const steps = [...attributes.list(RULE.EXPRESSIONS)].map((each) => {
      const expression = readExpression(each);
      return expression.kind === 'lookup' ? { ...expression, set: inline.get(expression.set) ?? expression.set } : expression;
    });
    chains.get(attributes.text(RULE.CHAIN) ?? '')?.rules.push(JSON.stringify(steps));
  });
  return chains;
}

/** How often each rule that counts was reached. */
export function readCounters(source: MessageSource): readonly RuleCounter[] {
  const counters: RuleCounter[] = [];
  source.forEach(MSG.GETRULE, undefined, (message) => {
    const attributes = attributesOf(message);
    for (const each of attributes.list(RULE.EXPRESSIONS)) {
      if (each.text(1) !== 'counter') continue;
      const data = each.nested(2);
      const comment = readComment(attributes.raw(RULE.USERDATA));
      counters.push({
        chain: attributes.text(RULE.CHAIN) ?? '',
        ...(comment === undefined ? {} : { comment }),
        packets: Number(data?.u64(2) ?? 0n),
        bytes: Number(data?.u64(1) ?? 0n),
      });
    }
  });
  return counters;
}

/** What stands in maps that are written in two steps. */
export function readVerdictUse(source: MessageSource): VerdictUse {
  const use = new VerdictUse();
  const names: string[] = [];
  source.forEach(MSG.GETSET, undefined, (message) => {
    names.push(attributesOf(message).text(SET.NAME) ?? '');
  });
  for (const map of names.filter((name) => names.includes(targetsName(name)))) {
    const verdicts = new Map<string, string>();
    for (const [number, value] of readSet(source, targetsName(map))) verdicts.set(numberInKey(Buffer.from(number, 'latin1')).toString('hex'), verdictText(value));
    for (const verdict of verdicts.values()) use.note(map, verdict);
    for (const [key, number] of readSet(source, map)) use.add(map, key === '*' ? key : `${key}${key}`, verdicts.get(number) ?? '');
  }
  return use;
}

// as it stands in a reading: the code, then the chain
function verdictText(value: string): string {
  const [code = '', chain = ''] = value.split(' ');
  const word = Object.entries(VERDICT_CODES).find(([, number]) => String(number) === code)?.[0] ?? code;
  return chain === '' ? word : `${word} ${chain}`;
}
