import { type ChainReading, MAY_END, type RuleCounter, type TableReading } from '../driver.ts';
import { keyBytes } from './element-text.ts';

type Json = Readonly<Record<string, unknown>>;

/** Reads `nft --json list table`: elements exactly, rules by their comments. `keyTypes` says how the keys of our sets are written. */
export function readListing(text: string, keyTypes: (set: string) => string | undefined): { readonly reading: TableReading; readonly counters: readonly RuleCounter[] } {
  const sets = new Map<string, ReadonlyMap<string, string>>();
  const chains = new Map<string, ChainReading & { readonly rules: string[] }>();
  const counters: RuleCounter[] = [];
  for (const item of list(record(JSON.parse(text))['nftables'])) {
    const { set, map, chain, rule } = record(item);
    const container = record(set ?? map);
    const name = container['name'];
    if (typeof name === 'string') sets.set(name, readElementList(list(container['elem']), keyTypes(name)));
    if (chain !== undefined) {
      const { name: chainName, hook, prio, policy } = record(chain);
      chains.set(valueText(chainName), { rules: [], ...(typeof hook === 'string' ? { hook: `${hook} ${valueText(prio)} ${valueText(policy)}` } : {}) });
    }
    if (rule !== undefined) {
      const { chain: chainName, comment, expr } = record(rule);
      const said = typeof comment === 'string' ? comment : '';
      chains.get(valueText(chainName))?.rules.push(said);
      for (const step of list(expr)) {
        const counter = record(record(step)['counter']);
        if (typeof counter['packets'] === 'number') counters.push({ chain: valueText(chainName), ...(said === '' ? {} : { comment: said }), packets: counter['packets'], bytes: Number(counter['bytes']) });
      }
    }
  }
  return { reading: { sets, chains }, counters };
}

function readElementList(elements: readonly unknown[], keyType: string | undefined): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const element of elements) {
    const [written, verdict] = Array.isArray(element) ? (element as readonly unknown[]) : [element];
    const elem = record(record(written)['elem']);
    const text = valueText(elem['val'] ?? written);
    const said = typeof elem['comment'] === 'string' ? elem['comment'] : '';
    const comment = `${said}${elem['timeout'] === undefined ? '' : MAY_END}`;
    found.set(keyType === undefined ? text : keyBytes(keyType, text), verdict === undefined ? comment : verdictText(record(verdict)));
  }
  return found;
}

function valueText(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  const { concat, prefix, range, set } = record(value);
  if (concat !== undefined) return list(concat).map(valueText).join(' . ');
  if (range !== undefined) return list(range).map(valueText).join('-');
  if (prefix !== undefined) return `${valueText(record(prefix)['addr'])}/${valueText(record(prefix)['len'])}`;
  return set === undefined ? JSON.stringify(value) : list(set).map(valueText).join();
}

function verdictText(verdict: Json): string {
  const [name = '', detail] = Object.entries(verdict)[0] ?? [];
  const target = record(detail)['target'];
  return typeof target === 'string' ? `${name} ${target}` : name;
}

function record(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}
