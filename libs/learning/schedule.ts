import { Cron } from 'croner';

/** When a schedule comes next, in milliseconds since 1970 (undefined: never), or why it can not be read. */
export type NextRun = { readonly kind: 'next'; readonly at: number | undefined } | { readonly kind: 'unreadable'; readonly why: string };

/**
 * The first moment after `after` at which a CronJob is due.
 *
 * Reads what the API server takes: five fields, `@daily` and its like, `@every 1h30m`, a `TZ=`
 * before them. Without a time zone it is UTC, which is what controller managers run in. Where a
 * clock is put forward over the due time Kubernetes leaves that run out and this names the moment
 * after; an hour in a year does not matter for waiting.
 */
export function nextRun(schedule: string, timeZone: string | undefined, after: number): NextRun {
  const { pattern, zone } = withoutZone(schedule.trim().slice(0, MOST_TEXT), timeZone ?? 'UTC');
  const every = EVERY.exec(pattern)?.[1];
  if (every !== undefined) return nextOfInterval(every, after);
  const isDescriptor = DESCRIPTORS.has(pattern);
  const readable = isDescriptor ? pattern : readableFields(pattern);
  if (readable === undefined) return { kind: 'unreadable', why: `${JSON.stringify(pattern.slice(0, 60))} is no schedule Kubernetes takes` };
  try {
    const at = new Cron(readable, { paused: true, timezone: zone, ...(isDescriptor ? {} : { mode: '5-part' }) }).nextRun(isoText(after))?.getTime();
    return { kind: 'next', at };
  } catch {
    return { kind: 'unreadable', why: `${JSON.stringify(pattern.slice(0, 60))} in time zone ${JSON.stringify(zone.slice(0, 60))} can not be read` };
  }
}

// longer than any schedule anybody can read, and short enough to be read at once
const MOST_TEXT = 300;
const ZONE = /^(?:CRON_)?TZ=(\S+)\s+/;
const EVERY = /^@every\s+(\S+)$/;
const DESCRIPTORS: ReadonlySet<string> = new Set(['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly']);

function withoutZone(schedule: string, zone: string): { readonly pattern: string; readonly zone: string } {
  const found = ZONE.exec(schedule);
  return { pattern: found === null ? schedule : schedule.slice(found[0].length), zone: found?.[1] ?? zone };
}

interface FieldBounds {
  readonly least: number;
  readonly most: number;
  readonly names: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const FIELDS: readonly FieldBounds[] = [
  { least: 0, most: 59, names: [] },
  { least: 0, most: 23, names: [] },
  { least: 1, most: 31, names: [] },
  { least: 1, most: 12, names: MONTHS },
  { least: 0, most: 6, names: DAYS },
];

/** The five fields with nothing in them but what both Kubernetes and the reader know, in numbers; undefined where there is more. */
function readableFields(pattern: string): string | undefined {
  const fields = pattern.split(/\s+/);
  if (fields.length !== FIELDS.length) return undefined;
  const read = FIELDS.map((bounds, at) => readableField(fields[at] ?? '', bounds));
  return read.every((field) => field !== undefined) ? read.join(' ') : undefined;
}

function readableField(field: string, bounds: FieldBounds): string | undefined {
  const parts = field.split(',').map((part) => readablePart(part, bounds));
  return parts.every((part) => part !== undefined) ? parts.join(',') : undefined;
}

const PART = /^(?:([*?])|([a-z]{3}|\d{1,2})(?:-([a-z]{3}|\d{1,2}))?)(?:\/(\d{1,3}))?$/i;

function readablePart(part: string, bounds: FieldBounds): string | undefined {
  const found = PART.exec(part);
  if (found === null) return undefined;
  const [, star, first, last, step] = found;
  if (step !== undefined && Number(step) === 0) return undefined;
  // a step beyond the field leaves its beginning alone
  const stride = step === undefined ? '' : `/${String(Math.min(Number(step), bounds.most - bounds.least + 1))}`;
  if (star !== undefined) return `*${stride}`;
  const from = numberOf(first ?? '', bounds);
  // 5/10 is 5 to the end by tens
  const to = last === undefined ? (step === undefined ? from : bounds.most) : numberOf(last, bounds);
  if (from === undefined || to === undefined || from > to) return undefined;
  return to === from ? String(from) : `${String(from)}-${String(to)}${stride}`;
}

function numberOf(text: string, { least, most, names }: FieldBounds): number | undefined {
  const named = names.indexOf(text.toLowerCase());
  const number = named >= 0 ? named + least : /^\d+$/.test(text) ? Number(text) : undefined;
  return number !== undefined && number >= least && number <= most ? number : undefined;
}

const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|h|m|s))+$/;

function nextOfInterval(text: string, after: number): NextRun {
  if (!DURATION.test(text)) return { kind: 'unreadable', why: `${JSON.stringify(text.slice(0, 60))} is no duration Kubernetes takes` };
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)];
  const lengthMs = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNIT_MS[unit ?? ''] ?? 0), 0);
  return { kind: 'next', at: after + Math.max(1000, lengthMs) };
}

/** ISO 8601 in UTC, to the second: pure code has no Date to give to a library that wants one. */
function isoText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const days = Math.floor(seconds / 86_400);
  const { year, month, day } = civilDay(days);
  const rest = seconds - days * 86_400;
  return `${two(year, 4)}-${two(month)}-${two(day)}T${two(Math.floor(rest / 3600))}:${two(Math.floor(rest / 60) % 60)}:${two(rest % 60)}Z`;
}

/** Year, month and day of a day counted from 1970, by eras of 400 years that begin in March. */
function civilDay(days: number): { readonly year: number; readonly month: number; readonly day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor((dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day: dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1 };
}

function two(value: number, width = 2): string {
  return String(value).padStart(width, '0');
}
