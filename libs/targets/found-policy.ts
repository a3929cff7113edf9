import { isJsonObject, type Json } from '#model';

import { fieldsOf, textOf } from './cluster-request.ts';

/** Who writes our fields, as the API server notes it. */
export const FIELD_MANAGER = 'ringfence';
export const OWNER_LABEL = 'app.kubernetes.io/managed-by';
export const OWNER = 'ringfence';

/** A NetworkPolicy as the server holds it: what is needed to tell whose it is and whether it changed. */
export interface FoundPolicy {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** It carries our label, and the server knows us as one who applies it. */
  readonly isOurs: boolean;
  /** The server knows us as one who applies it, whatever it carries. */
  readonly wasOurs: boolean;
  /** Others that have a hand in it, sorted. */
  readonly otherManagers: readonly string[];
  /** What it says, as `contentText` writes it. */
  readonly content: string;
}

/** Reads what the server holds; undefined where it is no object with a name. */
export function foundPolicy(body: Json | undefined): FoundPolicy | undefined {
  const metadata = fieldsOf(body, 'metadata');
  const name = textOf(metadata, 'name');
  const namespace = textOf(metadata, 'namespace');
  if (name === '' || namespace === '') return undefined;
  const entries = Array.isArray(metadata['managedFields']) ? metadata['managedFields'].filter(isJsonObject) : [];
  const isApplied = entries.some((entry) => entry['manager'] === FIELD_MANAGER && entry['operation'] === 'Apply');
  const others = entries.map((entry) => textOf(entry, 'manager')).filter((manager) => manager !== FIELD_MANAGER && manager !== '');
  return {
    namespace,
    name,
    uid: textOf(metadata, 'uid'),
    resourceVersion: textOf(metadata, 'resourceVersion'),
    wasOurs: isApplied,
    isOurs: isApplied && textOf(fieldsOf(metadata, 'labels'), OWNER_LABEL) === OWNER,
    otherManagers: [...new Set(others)].sort(),
    content: contentText(body),
  };
}

/**
 * What a NetworkPolicy says, as one text to compare. A server leaves empty lists and mappings of a
 * spec out, or puts them in, which changes nothing but for selectors; those it keeps as they are.
 */
export function contentText(body: Json | undefined): string {
  const { labels, annotations } = fieldsOf(body, 'metadata');
  const { ingress, egress, ...spec } = fieldsOf(body, 'spec');
  return sortedText([labels ?? {}, annotations ?? {}, spec, ingress ?? [], egress ?? []]);
}

const PARTS = ['labels', 'annotations', 'spec', 'ingress', 'egress'];

/** Which parts of what it says are different in another of its states. */
export function changedParts(before: FoundPolicy, after: FoundPolicy): readonly string[] {
  const [a, b] = [before, after].map(({ content }) => (JSON.parse(content) as readonly Json[]).map((part) => JSON.stringify(part)));
  return PARTS.filter((_part, at) => a?.[at] !== b?.[at]);
}

function sortedText(value: Json): string {
  return JSON.stringify(value, (_key, held: Json) => (isJsonObject(held) ? Object.fromEntries(Object.entries(held).sort(([a], [b]) => (a < b ? -1 : 1))) : held));
}
