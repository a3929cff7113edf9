import { stemOf, wordsOf } from './key-words.ts';
import type { Setting } from './setting.ts';

const NO = new Set(['false', 'no', 'off', '0', 'disabled', 'none', 'n', 'f']);
const YES = new Set(['true', 'yes', 'on', '1', 'enabled', 'y', 't']);

// features people switch by their purpose while the address carries the product's name
const PURPOSES: ReadonlyMap<string, readonly string[]> = new Map([
  ['tracing', ['jaeger', 'zipkin', 'otel', 'otlp', 'collector', 'tempo', 'opentelemetry', 'trace', 'traces', 'tracer', 'opentracing', 'opencensus']],
  ['stats', ['statsd', 'graphite', 'metrics', 'stackdriver', 'collector', 'otel', 'otlp']],
  ['metrics', ['statsd', 'graphite', 'influx', 'pushgateway', 'otel', 'otlp', 'collector']],
  ['profiler', ['pyroscope', 'profiling']],
]);

/** A setting that turns a feature off. */
export interface OffSwitch {
  readonly name: string;
  readonly subject: readonly string[];
}

// more switches than any program has; the bound keeps a hostile file from costing its square
const MOST_SWITCHES = 200;

/** The settings of a group that turn something off: `X_ENABLED=false`, `DISABLE_X=1`, `-Dx.enabled=false` inside a value. */
export function offSwitches(settings: readonly Setting[]): readonly OffSwitch[] {
  const found: OffSwitch[] = [];
  for (const { key, value } of settings) {
    const own = readSwitch(key, value);
    if (own !== undefined) found.push(own);
    if (value.includes('-D')) found.push(...javaSwitches(value));
    if (found.length >= MOST_SWITCHES) break;
  }
  return found;
}

/**
 * The switch that turns off the feature `key` belongs to, if one does: `TRACING_ENABLED=false` or
 * `spring.zipkin.enabled=false` beside `TRACING_URL`, `ZIPKIN`.
 */
export function findSwitch(key: string, switches: readonly OffSwitch[]): string | undefined {
  if (switches.length === 0) return undefined;
  const subject = stemOf(wordsOf(key));
  return switches.find((each) => governs(each.subject, subject))?.name;
}

const JAVA_PROPERTY = /-D([\w.-]{1,120}\.(?:enabled|disabled))=(\w{1,10})/g;

function javaSwitches(value: string): readonly OffSwitch[] {
  return [...value.slice(0, 20_000).matchAll(JAVA_PROPERTY)].flatMap((match) => readSwitch(match[1] ?? '', match[2] ?? '') ?? []);
}

function readSwitch(key: string, value: string): OffSwitch | undefined {
  if (value.length > 12) return undefined;
  const text = value.trim().replace(/^["']|["']$/g, '').toLowerCase();
  if (!NO.has(text) && !YES.has(text)) return undefined;
  const words = wordsOf(key);
  const at = words.findIndex((word) => /^(?:enabled?|disabled?|use|with)$/.test(word));
  if (at < 0) return undefined;
  const word = words[at] ?? '';
  // USE_X and WITH_X only at the start: `use` elsewhere is no switch
  if (/^(?:use|with)$/.test(word) && at !== 0) return undefined;
  const subject = words.filter((each, index) => index !== at && each !== 'sdk' && each !== 'is');
  const isOff = word.startsWith('disable') ? YES.has(text) : NO.has(text);
  return subject.length === 0 || !isOff ? undefined : { name: key, subject };
}

// spring.zipkin governs zipkin and zipkin.baseUrl; tracing governs tracing.collector, jaeger and otlp
function governs(feature: readonly string[], subject: readonly string[]): boolean {
  for (let length = Math.min(feature.length, subject.length); length > 0; length -= 1) {
    if (feature.slice(-length).every((word, index) => word === subject[index])) return true;
  }
  const purpose = PURPOSES.get(feature.at(-1) ?? '');
  return purpose !== undefined && subject.some((word) => purpose.includes(word));
}
