import type { NftChain, NftMap, NftSet } from '#compilers/nftables';

import type { AttributeWriter } from '../netlink/attribute-writer.ts';
import { NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST } from '../netlink/netlink-message.ts';
import { keyBytes } from './element-text.ts';
import { type ElementShape, writeElement, writeTarget } from './element-writer.ts';
import type { InlineSet } from './expression.ts';
import { writeExpressions, inlineSetName } from './expression-writer.ts';
import { baseChainOf } from './hook-text.ts';
import { CHAIN, DATA, DATA_VERDICT, ELEMENT, ELEMENTS, HOOK, LIST_ELEM, MSG, NFNL_SUBSYS_NFTABLES, NFPROTO_INET, RULE, SET, SET_DESC, SET_F, SET_FIELD_LEN, TABLE } from './kernel-numbers.ts';
import { isNumbered, lookUpByNumber, NUMBER_BYTES, NUMBER_TYPE, TARGET_BYTES, TARGET_TYPE, targetKey, targetsName, verdictNumber, type VerdictUse } from './numbered-verdicts.ts';
import { parseRule } from './rule-parser.ts';
import { readSetKey, setFlags, type SetKey } from './set-key.ts';
import { commentData, setData } from './user-data.ts';

/** A list of elements stays under what the length of one attribute can say; the largest element is far under the rest. */
const LIST_LIMIT = 64_000;

/**
 * One transaction on our table: everything in it takes effect at once, or nothing does.
 *
 * Encodes what the compiler lays out; what it cannot encode throws before anything is sent.
 */
export class TableBatch {
  readonly #writer: AttributeWriter;
  readonly #table: string;
  readonly #what: string[] = [];
  readonly #use: VerdictUse | undefined;
  #inlineSets = 0;

  /** With `use`, maps of addresses are written in two steps: see numbered-verdicts.ts. What it notes holds once the batch is committed. */
  constructor(writer: AttributeWriter, table: string, use?: VerdictUse) {
    this.#writer = writer;
    this.#table = table;
    this.#use = use;
    writer.clear();
    writer.begin(MSG.BATCH_BEGIN, NLM_F_REQUEST, 0, 0, NFNL_SUBSYS_NFTABLES);
  }

  /** The finished batch, whose last message is acknowledged; the number of that message. */
  finish(): { readonly bytes: Buffer; readonly last: number } {
    const last = this.#what.length;
    // errors are answered in any case
    this.#writer.addFlags(NLM_F_ACK);
    this.#writer.begin(MSG.BATCH_END, NLM_F_REQUEST, 0, 0, NFNL_SUBSYS_NFTABLES).finish();
    return { bytes: this.#writer.bytes(), last };
  }

  /** What the message of that number is about, in words. */
  describe(sequence: number): string {
    return this.#what[sequence - 1] ?? 'the batch';
  }

  addTable(flags?: number): void {
    this.#begin(MSG.NEWTABLE, NLM_F_CREATE, 'add table').text(TABLE.NAME, this.#table);
    if (flags !== undefined) this.#writer.u32(TABLE.FLAGS, flags);
  }

  deleteTable(): void {
    this.#begin(MSG.DELTABLE, 0, 'delete table').text(TABLE.NAME, this.#table);
  }

  addChain({ name, hook, why }: NftChain): void {
    const writer = this.#begin(MSG.NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL, `add chain ${name}`).text(CHAIN.TABLE, this.#table).text(CHAIN.NAME, name);
    if (hook !== undefined) {
      const base = baseChainOf(hook);
      const nested = writer.open(CHAIN.HOOK);
      writer.u32(HOOK.NUMBER, base.hook).u32(HOOK.PRIORITY, base.priority);
      writer.close(nested);
      writer.u32(CHAIN.POLICY, base.policy).text(CHAIN.TYPE, base.type);
    }
    writer.raw(CHAIN.USERDATA, commentData(why));
  }

  deleteChain(name: string): void {
    this.#begin(MSG.DELCHAIN, 0, `delete chain ${name}`).text(CHAIN.TABLE, this.#table).text(CHAIN.NAME, name);
  }

  addRules({ name, rules }: NftChain): void {
    for (const { text, comment } of rules) {
      const { expressions: plain, inlineSets } = parseRule(text);
      const expressions = this.#use === undefined ? plain : lookUpByNumber(plain);
      const ids = new Map(inlineSets.map((set) => [set.name, this.#addInlineSet(set)]));
      const writer = this.#begin(MSG.NEWRULE, NLM_F_CREATE | NLM_F_APPEND, `add rule ${name}: ${text}`).text(RULE.TABLE, this.#table).text(RULE.CHAIN, name);
      writeExpressions(writer, RULE.EXPRESSIONS, expressions, ids);
      if (comment !== undefined) writer.raw(RULE.USERDATA, commentData(comment));
    }
  }

  /** Takes all rules out of a chain. */
  flushChain(name: string): void {
    this.#begin(MSG.DELRULE, 0, `flush chain ${name}`).text(RULE.TABLE, this.#table).text(RULE.CHAIN, name);
  }

  addSet(set: NftSet): void {
    const key = readSetKey(set.keyType);
    const { isInterval } = set;
    const hasTimeouts = set.hasTimeouts ?? false;
    this.#addSet(set.name, key, setFlags(key, { isInterval, isMap: false, hasTimeouts }), set.why, isInterval);
  }

  addMap(map: NftMap): void {
    const key = readSetKey(map.keyType);
    const flags = setFlags(key, { isInterval: false, isMap: true, hasTimeouts: false });
    if (this.#use === undefined || !isNumbered(map)) {
      this.#addSet(map.name, key, flags, map.why, false);
      return;
    }
    const { name } = map;
    const numbers = this.#begin(MSG.NEWSET, NLM_F_CREATE | NLM_F_EXCL, `add map ${name}`).text(SET.TABLE, this.#table).text(SET.NAME, name);
    numbers.u32(SET.FLAGS, flags).u32(SET.KEY_TYPE, key.type).u32(SET.KEY_LEN, key.size).u32(SET.DATA_TYPE, NUMBER_TYPE).u32(SET.DATA_LEN, NUMBER_BYTES).u32(SET.ID, (this.#inlineSets += 1));
    const targets = targetsName(name);
    const verdicts = this.#begin(MSG.NEWSET, NLM_F_CREATE | NLM_F_EXCL, `add map ${targets}`).text(SET.TABLE, this.#table).text(SET.NAME, targets);
    verdicts.u32(SET.FLAGS, SET_F.MAP).u32(SET.KEY_TYPE, TARGET_TYPE).u32(SET.KEY_LEN, TARGET_BYTES).u32(SET.DATA_TYPE, DATA_VERDICT).u32(SET.DATA_LEN, 16).u32(SET.ID, (this.#inlineSets += 1));
  }

  deleteSet(name: string): void {
    this.#begin(MSG.DELSET, 0, `delete set ${name}`).text(SET.TABLE, this.#table).text(SET.NAME, name);
  }

  addElements({ name, keyType, isInterval }: Pick<NftSet, 'name' | 'keyType' | 'isInterval'>, elements: readonly string[]): void {
    const shape = { key: readSetKey(keyType), isInterval };
    this.#elements(MSG.NEWSETELEM, name, elements, (each) => {
      writeElement(this.#writer, shape, each);
    });
  }

  deleteElements({ name, keyType, isInterval }: Pick<NftSet, 'name' | 'keyType' | 'isInterval'>, elements: readonly string[]): void {
    const shape = { key: readSetKey(keyType), isInterval };
    this.#elements(MSG.DELSETELEM, name, elements, (each) => {
      writeElement(this.#writer, shape, each);
    });
  }

  addMapElements({ name, keyType }: Pick<NftMap, 'name' | 'keyType'>, elements: NftMap['elements']): void {
    const shape: ElementShape = { key: readSetKey(keyType), isInterval: false };
    const use = isNumbered({ keyType }) ? this.#use : undefined;
    if (use !== undefined) {
      const fresh = elements.filter(({ key, verdict }) => use.add(name, keyBytes(keyType, key), verdict)).map(({ verdict }) => verdict);
      this.#elements(MSG.NEWSETELEM, targetsName(name), [...new Set(fresh)], (verdict) => {
        writeTarget(this.#writer, targetKey(verdictNumber(verdict)), verdict);
      });
    }
    this.#elements(MSG.NEWSETELEM, name, elements, ({ key, verdict }) => {
      writeElement(this.#writer, shape, key, use === undefined ? verdict : verdictNumber(verdict));
    });
  }

  deleteMapElements({ name, keyType }: Pick<NftMap, 'name' | 'keyType'>, keys: readonly string[]): void {
    const shape: ElementShape = { key: readSetKey(keyType), isInterval: false };
    if (isNumbered({ keyType })) for (const key of keys) this.#use?.delete(name, keyBytes(keyType, key));
    this.#elements(MSG.DELSETELEM, name, keys, (key) => {
      writeElement(this.#writer, shape, key);
    });
  }

  /** Takes away what leads to chains that go, where nothing goes that way any more. */
  deleteTargets(chains: readonly string[]): void {
    for (const [map, verdict] of this.#use?.takeUnused(new Set(chains)) ?? []) {
      this.#elements(MSG.DELSETELEM, targetsName(map), [verdict], () => {
        writeTarget(this.#writer, targetKey(verdictNumber(verdict)), undefined);
      });
    }
  }

  #elements<T>(type: number, set: string, elements: readonly T[], write: (element: T) => void): void {
    const flags = type === MSG.NEWSETELEM ? NLM_F_CREATE | NLM_F_EXCL : 0;
    const what = `${type === MSG.NEWSETELEM ? 'add' : 'delete'} elements of ${set}`;
    let list: number | undefined;
    for (const element of elements) {
      if (list === undefined) {
        this.#begin(type, flags, what).text(ELEMENTS.TABLE, this.#table).text(ELEMENTS.SET, set);
        list = this.#writer.open(ELEMENTS.LIST);
      }
      write(element);
      if (this.#writer.sizeOf(list) <= LIST_LIMIT) continue;
      this.#writer.close(list);
      list = undefined;
    }
    if (list !== undefined) this.#writer.close(list);
  }

  #addSet(name: string, key: SetKey, flags: number, why: string, isInterval: boolean): void {
    const isMap = (flags & SET_F.MAP) !== 0;
    const writer = this.#begin(MSG.NEWSET, NLM_F_CREATE | NLM_F_EXCL, `add set ${name}`).text(SET.TABLE, this.#table).text(SET.NAME, name);
    writer.u32(SET.FLAGS, flags).u32(SET.KEY_TYPE, key.type).u32(SET.KEY_LEN, key.size);
    if (isMap) writer.u32(SET.DATA_TYPE, DATA_VERDICT).u32(SET.DATA_LEN, 16);
    writer.u32(SET.ID, (this.#inlineSets += 1));
    if (isInterval && key.fields.length > 1) {
      const desc = writer.open(SET.DESC);
      const concat = writer.open(SET_DESC.CONCAT);
      for (const { type } of key.fields) {
        const field = writer.open(LIST_ELEM);
        writer.u32(SET_FIELD_LEN, type.size);
        writer.close(field);
      }
      writer.close(concat);
      writer.close(desc);
    }
    writer.raw(SET.USERDATA, setData(key, isMap, why));
  }

  #addInlineSet(set: InlineSet): number {
    const id = (this.#inlineSets += 1);
    const name = inlineSetName(set);
    const writer = this.#begin(MSG.NEWSET, NLM_F_CREATE, `add set ${name}`).text(SET.TABLE, this.#table).text(SET.NAME, name);
    writer.u32(SET.FLAGS, SET_F.ANONYMOUS | SET_F.CONSTANT).u32(SET.KEY_TYPE, set.keyType).u32(SET.KEY_LEN, set.keySize).u32(SET.ID, id);
    const desc = writer.open(SET.DESC);
    writer.u32(SET_DESC.SIZE, set.keys.length);
    writer.close(desc);
    this.#begin(MSG.NEWSETELEM, NLM_F_CREATE, `add elements of ${name}`).text(ELEMENTS.TABLE, this.#table).text(ELEMENTS.SET, name).u32(ELEMENTS.SET_ID, id);
    const list = writer.open(ELEMENTS.LIST);
    for (const key of set.keys) {
      const element = writer.open(LIST_ELEM);
      const data = writer.open(ELEMENT.KEY);
      writer.raw(DATA.VALUE, Buffer.from(key, 'hex'));
      writer.close(data);
      writer.close(element);
    }
    writer.close(list);
    return id;
  }

  #begin(type: number, flags: number, what: string): AttributeWriter {
    this.#what.push(what);
    return this.#writer.begin((NFNL_SUBSYS_NFTABLES << 8) | type, NLM_F_REQUEST | flags, this.#what.length, NFPROTO_INET);
  }
}
