import { pino, type DestinationStream, type Logger } from 'pino';

const LONGEST = 2_000;
const DEEPEST = 6;
const MOST = 100;
// C0 and C1 controls, line separators, bidirectional overrides and zero-width characters: JSON escapes only some of them.
// eslint-disable-next-line no-control-regex
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
const SECRET = /authorization|cookie|password|passwd|secret|token|credential|private_?key|api_?key/i;

/**
 * The log of the controller: one JSON object a line on standard error.
 *
 * Text that came from outside (labels, names, URLs) can neither break a line nor recolour a
 * terminal, and a field whose name sounds of a secret is never written.
 */
export function createLog(destination?: DestinationStream): Logger {
  const stream = destination ?? pino.destination({ dest: 2, sync: true });
  return pino(
    {
      base: null,
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label === 'warn' ? 'warning' : label }),
        log: (fields) => cleanFields(fields, 0) as Record<string, unknown>,
      },
      hooks: {
        logMethod(given, method) {
          const cleaned = given.map((one: unknown) => (typeof one === 'string' ? cleanLogText(one) : one));
          method.apply(this, cleaned as typeof given);
        },
      },
    },
    stream,
  );
}

export function cleanLogText(text: string): string {
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return short.replace(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function cleanFields(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return cleanLogText(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEEPEST) return '…';
  if (value instanceof Error) return errorFields(value, depth);
  if (Array.isArray(value)) return value.slice(0, MOST).map((item) => cleanFields(item, depth + 1));
  const entries = Object.entries(value).slice(0, MOST);
  return Object.fromEntries(entries.map(([key, item]) => [cleanLogText(key), SECRET.test(key) ? '[redacted]' : cleanFields(item, depth + 1)]));
}

function errorFields(error: Error, depth: number): unknown {
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const cause = error.cause === undefined ? {} : { cause: cleanFields(error.cause, depth + 1) };
  return { name: error.name, message: cleanLogText(error.message), ...code, stack: (error.stack ?? '').split('\n').slice(1, 12).map((line) => cleanLogText(line.trim())), ...cause };
}
