import type { KeyedMention } from './mention.ts';
import type { Setting } from './setting.ts';
import { scanSettings } from './setting-scan.ts';
import { scanProse } from './value-scan.ts';

const PAIR = /^(?:(?:export|set|env|setenv)\s{1,8})?(?:-\s{1,8})?["'.]?([A-Za-z_$@][\w.$/@-]{0,120})["']?\s{0,20}(=>|:=|\?=|=|:)\s{0,20}(.*)$/i;
const DIRECTIVE = /^([A-Za-z_][\w.-]{0,80})\s{1,40}(\S.*)$/;
const ATTRIBUTE = /([A-Za-z_][\w:.-]{0,80})\s{0,3}=\s{0,3}"([^"]{0,500})"/g;
const ELEMENT = /<([A-Za-z][\w:.-]{0,80})>([^<]{1,500})<\//g;
const MAX_LINES = 50_000;
const MAX_LINE = 20_000;

/**
 * Finds the addresses in configuration that is read line by line: properties, INI, TOML, nginx,
 * HAProxy, Caddy, Apache, Fluentd, Logstash, XML, and code with settings in it.
 *
 * Comments are no evidence. Settings are siblings as far as the next section, brace or element.
 */
export function scanLines(text: string): readonly KeyedMention[] {
  const mentions: KeyedMention[] = [];
  const pools = new Set<string>();
  const values = new Map<string, string>();
  let group: Setting[] = [];
  let element = '';
  const lines = text.split('\n', MAX_LINES);
  for (const [index, raw] of lines.entries()) {
    const line = withoutComment(raw.slice(0, MAX_LINE)).trim();
    if (line === '') continue;
    const pool = /^(?:upstream|backend|listen|cluster)\s{1,20}([\w.-]{1,200})/.exec(line)?.[1];
    if (pool !== undefined) pools.add(pool.toLowerCase());
    if (isBoundary(line)) {
      mentions.push(...scanSettings(group));
      group = [];
    }
    const stored = /^set\s{1,20}(\$\w{1,80})\s{1,20}["']?([^\s;"']{1,300})/.exec(line);
    if (stored !== null) values.set(stored[1] ?? '', stored[2] ?? '');
    const position = index + 1;
    const expanded = values.size > 0 ? line.replace(/\$\w{1,80}/g, (name) => values.get(name) ?? name) : line;
    const found = line.startsWith('<') || /\w="/.test(line) ? readElement(expanded, position, element) : readLine(expanded, position);
    element = /<name>([^<]{1,200})<\/name>/.exec(line)?.[1] ?? (line.startsWith('<') ? element : '');
    group.push(...found);
    if (found.length === 0) for (const mention of scanProse(expanded)) mentions.push({ ...mention, key: '', meaning: 'neutral', position });
  }
  mentions.push(...scanSettings(group));
  // a name the file defines itself is a pool, and its members are listed beside it
  return mentions.filter((mention) => !(pools.has(mention.host) && mention.port === undefined));
}

function withoutComment(line: string): string {
  const text = line.trimStart();
  if (/^(?:#|\/\/|;|--\s|\*|\/\*|<!--|!)/.test(text)) return '';
  const hash = line.search(/\s#\s/);
  return hash < 0 ? line : line.slice(0, hash);
}

function isBoundary(line: string): boolean {
  return line.startsWith('[') || line.endsWith('{') || line.startsWith('}') || /^<\/?[A-Za-z][^<>]{0,200}>$/.test(line) || /^(?:frontend|backend|listen|upstream|server)\s{1,10}[\w.-]{1,200}$/.test(line);
}

function readLine(line: string, position: number): readonly Setting[] {
  const pair = PAIR.exec(line);
  if (pair !== null) {
    const [, key = '', separator, rest = ''] = pair;
    // http://… and db:5432 at the start of a line are addresses, not settings
    if (!(separator === ':' && (rest.startsWith('//') || /^\d{1,5}\b/.test(rest)) && /^[^\s:]{1,200}:(?:\/\/|\d)/.test(line))) {
      return [{ key: key.replace(/^[$@]/, ''), value: rest.replace(/[;,]\s{0,8}$/, ''), position }];
    }
    return [{ key: '', value: line.replace(/[;,]$/, ''), position }];
  }
  const directive = DIRECTIVE.exec(line);
  if (directive === null) return [];
  return [{ key: directive[1] ?? '', value: (directive[2] ?? '').replace(/[;,{]\s{0,8}$/, ''), position }];
}

function readElement(line: string, position: number, name: string): readonly Setting[] {
  const settings: Setting[] = [];
  for (const match of line.matchAll(ELEMENT)) {
    const tag = match[1] ?? '';
    if (tag === 'name') continue;
    settings.push({ key: tag === 'value' && name !== '' ? name : tag, value: match[2] ?? '', position });
  }
  const attributes = [...line.matchAll(ATTRIBUTE)].map((match): Setting => ({ key: match[1] ?? '', value: match[2] ?? '', position }));
  const named = attributes.find(({ key }) => key === 'name')?.value;
  for (const attribute of attributes) {
    if (attribute.key.startsWith('xmlns') || attribute.key.startsWith('xsi:')) continue;
    settings.push(attribute.key === 'value' && named !== undefined ? { ...attribute, key: named } : attribute);
  }
  return settings;
}
