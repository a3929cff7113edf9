import { type CompareOperator, compareOperators, type EncodedRule, type Expression, type InlineSet } from './expression.ts';
import { REGISTER_1, registerAt, VERDICT_CODES } from './kernel-numbers.ts';
import { parseMask, parseValues } from './match-values.ts';
import { type PacketField, readField } from './packet-field.ts';
import { readAction } from './rule-actions.ts';
import { splitRule } from './rule-words.ts';

/** A rule this driver cannot say. Rules come from our own compiler, so this is a defect of ours and never of somebody's policy. */
export class UnknownRuleError extends Error {
  constructor(text: string, why: string) {
    super(`encode rule ${JSON.stringify(text)}: ${why}`);
    this.name = 'UnknownRuleError';
  }
}

/**
 * Turns the text of a rule into what the kernel runs, as nft would.
 *
 * Reads the part of nft's language that our compiler writes. Anything else is refused with
 * {@link UnknownRuleError}: never skipped, never approximated.
 */
export function parseRule(text: string): EncodedRule {
  return new RuleParser(text).parse();
}

const CT_MARK = 3;
const META_NFPROTO = 15;
const META_L4PROTO = 16;

class RuleParser {
  readonly #text: string;
  readonly #words: readonly string[];
  readonly #expressions: Expression[] = [];
  readonly #inlineSets: InlineSet[] = [];
  #at = 0;
  /** What earlier parts of the rule made sure of. */
  #nfProto: number | undefined;
  #inetProto: number | undefined;

  constructor(text: string) {
    this.#text = text;
    this.#words = splitRule(text) ?? this.#refuse('it holds a character no rule has');
  }

  parse(): EncodedRule {
    while (this.#at < this.#words.length) this.#statement();
    return { expressions: this.#expressions, inlineSets: this.#inlineSets };
  }

  #statement(): void {
    const word = this.#peek();
    if (word === 'jump' || word === 'goto') this.#push({ kind: 'verdict', code: VERDICT_CODES[this.#next() as 'jump' | 'goto'], chain: this.#name() });
    else if (word === 'accept' || word === 'drop' || word === 'return' || word === 'continue') this.#push({ kind: 'verdict', code: VERDICT_CODES[this.#next() as 'accept'] });
    else if (word === 'ct' && this.#peek(1) === 'mark' && this.#peek(2) === 'set') this.#setMark();
    else {
      const action = readAction(this.#words, this.#at);
      if (action === undefined) this.#match();
      else {
        this.#at += action.words;
        this.#push(action.expression);
      }
    }
  }

  // ct mark set ct mark & KEPT | GIVEN
  #setMark(): void {
    this.#at += 3;
    if (this.#peek() !== 'ct') {
      const value = parseMask({ size: 4, isHostOrder: true }, this.#next());
      this.#push({ kind: 'load', register: REGISTER_1, value: value ?? this.#refuse('the mark is no number') });
    } else {
      this.#expect('ct');
      this.#expect('mark');
      const kept = this.#accept('&') ? this.#number() : 0xffffffff;
      const given = this.#accept('|') ? this.#number() : 0;
      this.#push({ kind: 'ct', register: REGISTER_1, key: CT_MARK });
      this.#push({ kind: 'bitwise', register: REGISTER_1, size: 4, mask: markBytes((kept & ~given) >>> 0), xor: markBytes(given) });
    }
    this.#push({ kind: 'ct-set', register: REGISTER_1, key: CT_MARK });
  }

  #match(): void {
    const fields = [this.#field()];
    while (this.#accept('.')) fields.push(this.#field());
    for (const { demand } of fields) this.#demand(demand.nfProto, demand.inetProto);
    let offset = 0;
    for (const field of fields) {
      this.#push(field.load(registerAt(offset)));
      offset += (field.type.size + 3) & ~3;
    }
    const [only] = fields;
    const isMasked = fields.length === 1 && only !== undefined && this.#mask(only);
    this.#compare(fields, isMasked);
  }

  #mask({ type }: PacketField): boolean {
    if (!this.#accept('&')) return false;
    const value = this.#accept('(') ? this.#alternatives(type) : this.#next();
    const mask = parseMask(type, value) ?? this.#refuse(`${value} is no mask`);
    this.#push({ kind: 'bitwise', register: REGISTER_1, size: type.size, mask, xor: '00'.repeat(type.size) });
    return true;
  }

  #alternatives({ names }: PacketField['type']): string {
    let all = 0;
    do {
      const word = this.#next();
      all |= (Object.hasOwn(names, word) ? names[word] : undefined) ?? this.#refuse(`${word} is not known here`);
    } while (this.#accept('|'));
    this.#expect(')');
    return String(all);
  }

  #compare(fields: readonly PacketField[], isMasked: boolean): void {
    const written = this.#peek();
    const operator = compareOperators.find((each) => each === written);
    if (operator !== undefined) this.#at += 1;
    const word = this.#peek() ?? this.#refuse('it ends where a value should be');
    if (word === 'vmap') {
      this.#at += 1;
      this.#look(this.#setName(), true, false);
    } else if (word.startsWith('@')) this.#look(this.#setName(), false, this.#isInverted(operator));
    else if (fields.length !== 1 || fields[0] === undefined) this.#refuse('several fields at once are looked up in a set');
    else if (word === '{') this.#lookInside(fields[0], operator);
    else this.#compareValue(fields[0], operator, isMasked);
  }

  #lookInside({ type }: PacketField, operator: CompareOperator | undefined): void {
    this.#at += 1;
    const keys: string[] = [];
    do {
      const word = this.#next();
      keys.push(parseMask(type, word) ?? this.#refuse(`${word} is no value here`));
    } while (this.#accept(','));
    this.#expect('}');
    const name = `__set${String(this.#inlineSets.length)}`;
    this.#inlineSets.push({ name, keyType: type.id, keySize: type.size, keys: [...new Set(keys)].sort() });
    this.#look(name, false, this.#isInverted(operator));
  }

  #compareValue({ type, load }: PacketField, operator: CompareOperator | undefined, isMasked: boolean): void {
    const words = [this.#next()];
    while (type.isFlags && this.#accept(',')) words.push(this.#next());
    const steps = parseValues(type, words, operator, isMasked) ?? this.#refuse(`${words.join(',')} is no value here`);
    this.#expressions.push(...steps);
    this.#remember(load(REGISTER_1), steps);
  }

  /** What an equality makes sure of need not be asked again. */
  #remember(loaded: Expression, steps: readonly Expression[]): void {
    const [step] = steps;
    if (loaded.kind !== 'meta' || steps.length !== 1 || step?.kind !== 'compare' || step.operator !== '==') return;
    const value = Number.parseInt(step.value, 16);
    if (loaded.key === META_NFPROTO) this.#nfProto = value;
    if (loaded.key === META_L4PROTO) this.#inetProto = value;
  }

  #demand(nfProto: number | undefined, inetProto: number | undefined): void {
    if (nfProto !== undefined) this.#nfProto = this.#ensure(META_NFPROTO, nfProto, this.#nfProto);
    if (inetProto !== undefined) this.#inetProto = this.#ensure(META_L4PROTO, inetProto, this.#inetProto);
  }

  #ensure(key: number, wanted: number, known: number | undefined): number {
    if (known === wanted) return wanted;
    if (known !== undefined) this.#refuse('it asks for two families or protocols at once');
    this.#push({ kind: 'meta', register: REGISTER_1, key });
    this.#push({ kind: 'compare', register: REGISTER_1, operator: '==', value: wanted.toString(16).padStart(2, '0') });
    return wanted;
  }

  #look(set: string, isVerdict: boolean, isInverted: boolean): void {
    this.#push({ kind: 'lookup', register: REGISTER_1, set, isVerdict, isInverted });
  }

  #isInverted(operator: CompareOperator | undefined): boolean {
    if (operator === undefined || operator === '==') return false;
    return operator === '!=' || this.#refuse(`${operator} does not go with a set`);
  }

  #field(): PacketField {
    const found = readField(this.#words, this.#at) ?? this.#refuse(`${this.#peek() ?? 'nothing'} is not known`);
    this.#at += found.words;
    return found.field;
  }

  #setName(): string {
    const word = this.#next();
    return word.startsWith('@') ? word.slice(1) : this.#refuse(`${word} is no set`);
  }

  #name(): string {
    const word = this.#next();
    return /^[A-Za-z_][A-Za-z0-9_]*$/.test(word) ? word : this.#refuse(`${word} is no name of a chain`);
  }

  #number(): number {
    const word = this.#next();
    const value = /^(?:0x[0-9a-f]{1,8}|[0-9]{1,10})$/.test(word) ? Number(word) : Number.NaN;
    return value <= 0xffffffff ? value : this.#refuse(`${word} is no mark`);
  }

  #push(expression: Expression): void {
    this.#expressions.push(expression);
  }

  #peek(ahead = 0): string | undefined {
    return this.#words[this.#at + ahead];
  }

  #next(): string {
    const word = this.#words[this.#at] ?? this.#refuse('it ends too early');
    this.#at += 1;
    return word;
  }

  #accept(word: string): boolean {
    if (this.#words[this.#at] !== word) return false;
    this.#at += 1;
    return true;
  }

  #expect(word: string): void {
    if (!this.#accept(word)) this.#refuse(`there is no ${word} after ${this.#words[this.#at - 1] ?? 'its beginning'}`);
  }

  #refuse(why: string): never {
    throw new UnknownRuleError(this.#text, why);
  }
}

function markBytes(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0, 0);
  return bytes.toString('hex');
}
