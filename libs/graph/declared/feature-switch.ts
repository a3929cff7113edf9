import { stemOf, wordsOf } from './key-words.ts';
import type { Setting } from './setting-scan.ts';

const NO = new Set(['false', 'no', 'off', '0', 'disabled', 'none', 'n', 'f']);
const YES = new Set(['true', 'yes', 'on', '1', 'enabled', 'y', 't']);

// features people switch by their purpose while the address carries the product's name
const PURPOSES: ReadonlyMap<string, readonly string[]> = new Map([
  ['tracing', ['jaeger', 'zipkin', 'otel', 'otlp', 'collector', 'tempo', 'opentelemetry', 'trace', 'traces', 'tracer', 'opentracing', 'opencensus']],
  ['stats', ['statsd', 'graphite', 'metrics', 'stackdriver', 'collector', 'otel', 'otlp']],
  ['metrics', ['statsd', 'graphite', 'influx', 'pushgateway', 'otel', 'otlp', 'collector']],
  ['profiler', ['pyroscope', 'profiling']],
]);

/**
 * The setting among `switches` that turns off the feature `key` belongs to, if one does.
 *
 * `TRACING_ENABLED=false`, `DISABLE_TRACING=1`, `spring.zipkin.enabled=false` (also as `-D` inside
 * a value) beside `TRACING_URL`, `ZIPKIN`.
 */
export function findSwitch(key: string, switches: readonly Setting[]): string | undefined {
  const subject = stemOf(wordsOf(key));
  for (const setting of switches) {
    for (const candidate of switchesIn(setting)) {
      if (candidate.isOff && governs(candidate.subject, subject)) return candidate.name;
    }
  }
  return undefined;
}

interface Switch {
  readonly name: string;
  readonly subject: readonly string[];
  readonly isOff: boolean;
}

const cache = new WeakMap<Setting, readonly Switch[]>();

function switchesIn(setting: Setting): readonly Switch[] {
  const known = cache.get(setting);
  if (known !== undefined) return known;
  const found = [readSwitch(setting.key, setting.value), ...javaSwitches(setting.value)].filter((each) => each !== undefined);
  cache.set(setting, found);
  return found;
}

const JAVA_PROPERTY = /-D([\w.-]{1,120}\.(?:enabled|disabled))=(\w{1,10})/g;

function javaSwitches(value: string): readonly (Switch | undefined)[] {
  if (!value.includes('-D')) return [];
  return [...value.matchAll(JAVA_PROPERTY)].map((match) => readSwitch(match[1] ?? '', match[2] ?? ''));
}

function readSwitch(key: string, value: string): Switch | undefined {
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
  return subject.length === 0 ? undefined : { name: key, subject, isOff };
}

// spring.zipkin governs zipkin and zipkin.baseUrl; tracing governs tracing.collector, jaeger and otlp
function governs(feature: readonly string[], subject: readonly string[]): boolean {
  for (let length = Math.min(feature.length, subject.length); length > 0; length -= 1) {
    if (feature.slice(-length).every((word, index) => word === subject[index])) return true;
  }
  const purpose = PURPOSES.get(feature.at(-1) ?? '');
  return purpose !== undefined && subject.some((word) => purpose.includes(word));
}
