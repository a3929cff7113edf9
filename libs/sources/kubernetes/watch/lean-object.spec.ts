import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { snapshotOf } from '#inventory';
import type { JsonObject, Manifest, Snapshot, SourceUpdate } from '#model';

import { ReplayWorld } from '../../../../test/bench/replay-world.ts';
import { estate } from '../../../../test/support/estate.ts';
import { updatesFromYaml } from '../../../../test/support/manifests.ts';
import { describeShared } from '../../../../test/support/needs.ts';
import { repositoryRoot } from '../../../../test/support/shared.ts';
import { leanObject } from './lean-object.ts';

type Updates = readonly SourceUpdate[];

function leanUpdates(updates: Updates): Updates {
  return updates.map((update) => {
    const { value } = update;
    if (value?.kind !== 'manifest') return update;
    const group = value.apiVersion.includes('/') ? (value.apiVersion.split('/')[0] ?? '') : '';
    return { ...update, value: { ...value, body: leanObject(value.body, `${group}/${value.objectKind}`) } };
  });
}

/** Lines of containers are known of files only. */
function withoutOrigins(snapshot: Snapshot): string {
  return JSON.stringify(snapshot, (key, value: unknown) => {
    if (key === 'origin') return undefined;
    if (typeof value === 'object' && value !== null && 'entries' in value && Symbol.iterator in value) return [...(value as Iterable<unknown>)];
    return typeof value === 'bigint' ? String(value) : value;
  });
}

function inventoryIsSame(updates: Updates): void {
  expect(updates.length).toBeGreaterThan(0);
  expect(withoutOrigins(snapshotOf(leanUpdates(updates)))).toBe(withoutOrigins(snapshotOf(updates)));
}

function updatesIn(folder: string): Updates {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.ya?ml$/.test(name));
  return files.flatMap((name) => updatesFromYaml(readFileSync(join(folder, name), 'utf8')).updates);
}

function replayed(resource: string, kind: string, count: number): Updates {
  const world = new ReplayWorld({ pods: count });
  return Array.from({ length: Math.min(count, world.count(resource)) }, (_, index): SourceUpdate => {
    const body: JsonObject = { apiVersion: 'v1', kind, ...(JSON.parse(world.object(resource, index)) as JsonObject) };
    const { name, namespace = '' } = body['metadata'] as unknown as { readonly name: string; readonly namespace?: string };
    const value: Manifest = { kind: 'manifest', apiVersion: 'v1', objectKind: kind, namespace, name, body, origin: { file: 'x', line: 1 } };
    return { source: 'x', key: `/${kind}/${namespace}/${name}`, value };
  });
}

describeShared('ground-truth', 'what is left of an object of the ground truth', (folder) => {
  it.each(readdirSync(folder).filter((name) => existsSync(join(folder, name, 'manifests')) && !name.startsWith('compose')))('is all the inventory reads of %s', (name) => {
    inventoryIsSame(updatesIn(join(folder, name, 'manifests')));
  });
});

describe('what is left of an object', () => {
  it('is all the inventory reads of a large estate', () => {
    inventoryIsSame(estate(200).flatMap(({ text }) => updatesFromYaml(text).updates));
  });

  it('is all the inventory reads of the example', () => {
    inventoryIsSame(updatesIn(join(repositoryRoot, 'policies', 'examples', 'shop', 'kubernetes')));
  });

  it('is all the inventory reads of objects as a server has them, and a third of their length', () => {
    const updates = [...replayed('pods', 'Pod', 100), ...replayed('nodes', 'Node', 10), ...replayed('services', 'Service', 10)];
    inventoryIsSame(updates);
    const length = (each: Updates): number => JSON.stringify(each.filter(({ key }) => key.startsWith('/Pod/'))).length;
    expect(length(leanUpdates(updates))).toBeLessThan(length(updates) / 3);
  });

  it('does not change what it is given', () => {
    const [update] = replayed('pods', 'Pod', 1);
    const body = (update?.value as Manifest).body;
    const before = JSON.stringify(body);
    leanObject(body, '/Pod');
    expect(JSON.stringify(body)).toBe(before);
  });

  it('keeps hostile names where they stand', () => {
    const body = JSON.parse('{"metadata":{"name":"x","__proto__":{"admin":true},"labels":{"constructor":"y"}},"spec":{"__proto__":1}}') as JsonObject;
    const lean = leanObject(body, 'example.com/Thing');
    expect(Object.getPrototypeOf(lean['metadata'])).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
    expect((lean['metadata'] as JsonObject)['labels']).toEqual({ constructor: 'y' });
  });
});
