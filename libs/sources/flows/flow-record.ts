import { type FlowEnd, type JsonObject, type Protocol, isJsonObject } from '#model';

/** What one line says, before equal ones are added up. */
export interface FlowRecord {
  readonly time: string;
  readonly from: FlowEnd;
  readonly to: FlowEnd;
  readonly protocol: Protocol;
  readonly port: number | null;
  readonly application?: string;
  readonly count: number;
  readonly bytes?: number;
  readonly forwarded: boolean;
  /** The node that saw it, where the record says so. */
  readonly node?: string;
  /** True where it got through only because what would refuse it merely watches. */
  readonly isAudited?: true;
  /** True of a packet known to be in the middle of its connection. */
  readonly isContinued?: true;
}

/**
 * What a line gives: a flow; an `echo`, which shows that a connection exists without being another
 * one (a reply, or the request inside it); nothing of interest; or something that can not be read.
 */
export type LineReading =
  | { readonly kind: 'flow'; readonly record: FlowRecord }
  | { readonly kind: 'echo'; readonly record: FlowRecord }
  | { readonly kind: 'passed-over'; readonly lost?: number; readonly node?: string }
  | { readonly kind: 'unreadable'; readonly why: string };

export function unreadable(why: string): LineReading {
  return { kind: 'unreadable', why };
}

/** A field of a JSON object, own ones only. */
export function fieldOf(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

export function objectField(object: JsonObject, name: string): JsonObject | undefined {
  const value = fieldOf(object, name);
  return isJsonObject(value) ? value : undefined;
}

/** A text that is there and not empty. */
export function textField(object: JsonObject | undefined, name: string): string | undefined {
  const value = object === undefined ? undefined : fieldOf(object, name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function listField(object: JsonObject | undefined, name: string): readonly unknown[] {
  const value = object === undefined ? undefined : fieldOf(object, name);
  return Array.isArray(value) ? value : [];
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

/** Whether this is a moment by RFC 3339. */
export function isTime(text: string): boolean {
  return text.length <= 40 && TIME.test(text) && !Number.isNaN(Date.parse(text));
}

const LABEL = /^[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?$/;

/** A DNS name in lower case without a dot at its end, or undefined where it is none. */
export function readHostName(text: string): string | undefined {
  if (text.length > 254) return undefined;
  const name = text.toLowerCase().replace(/\.$/, '');
  return LABEL.test(name) && !name.includes('..') ? name : undefined;
}

const OBJECT_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._:-]{0,251}[A-Za-z0-9])?$/;

/** A namespace or project: unlike other names without dots, so that no address is taken for one. */
export function isNamespace(text: string): boolean {
  return isObjectName(text) && !/[.:]/.test(text);
}

/** A kind, pod or workload name. Compose services may have `_` in theirs. */
export function isObjectName(text: string): boolean {
  return OBJECT_NAME.test(text.replaceAll('_', '-'));
}
