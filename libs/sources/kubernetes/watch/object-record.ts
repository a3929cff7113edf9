import { hash } from 'node:crypto';

import { isJsonObject, type Json, type JsonObject, type Manifest } from '#model';

import { leanObject } from './lean-object.ts';
import { kindName, type WatchedKind } from './watched-kind.ts';

/** What is told of one object. */
export interface ObjectRecord {
  readonly key: string;
  readonly manifest: Manifest;
  /** Alike for objects that say the same. */
  readonly digest: string;
  /** The server's own mark of this state; a higher one is later. */
  readonly version: string;
}

/** Reads an object of a list or an event; undefined where it has no name, which no server sends. */
export function objectRecord(object: Json | undefined, kind: WatchedKind, server: string): ObjectRecord | undefined {
  if (!isJsonObject(object)) return undefined;
  const metadata = isJsonObject(object['metadata']) ? object['metadata'] : {};
  const name = text(metadata, 'name');
  if (name === '') return undefined;
  const namespace = text(metadata, 'namespace');
  const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
  // items of a list do not say what they are
  const body: JsonObject = { apiVersion, kind: kind.kind, ...leanObject(object, kindName(kind)) };
  const manifest: Manifest = { kind: 'manifest', apiVersion, objectKind: kind.kind, namespace, name, body, origin: { file: server, line: 1 } };
  return { key: objectKey(kind, namespace, name), manifest, digest: hash('sha1', JSON.stringify(body), 'base64').slice(0, 22), version: text(metadata, 'resourceVersion') };
}

/** The same key an object of a file has: `apps/Deployment/shop/web`. */
export function objectKey(kind: WatchedKind, namespace: string, name: string): string {
  return `${kindName(kind)}/${namespace}/${name}`;
}

function text(value: JsonObject, key: string): string {
  const field = value[key];
  return typeof field === 'string' ? field : '';
}
