import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { repositoryRoot } from '../../../../test/support/shared.ts';
import { chooseKinds, kindName, kindTitle, knownKinds, listPath, type WatchedKind } from './watched-kind.ts';

function served(group: string, kind: string, version = 'v1'): WatchedKind {
  return { group, version, kind, resource: `${kind.toLowerCase()}s`, isNamespaced: true, need: 'never' };
}

/** What the inventory has a reader for, as its tables say. */
function readKinds(): readonly string[] {
  const texts = ['kind-table.ts', 'read-policy.ts'].map((file) => readFileSync(join(repositoryRoot, 'libs', 'inventory', file), 'utf8'));
  return texts.flatMap((text) => [...text.matchAll(/^ {2}\['([^']*\/[A-Za-z]+)', read/gm)].map(([, name = '']) => name));
}

describe('the kinds that are watched', () => {
  it('are those the inventory reads, but for older names of the same objects', () => {
    const older = ['/Endpoints', 'extensions/Deployment', 'extensions/DaemonSet', 'extensions/ReplicaSet', 'extensions/Ingress', 'extensions/NetworkPolicy'];
    expect(readKinds().length).toBeGreaterThan(40);
    expect([...knownKinds(), ...older].sort()).toEqual([...readKinds()].sort());
  });

  it('are each watched in the version the server prefers', () => {
    const kinds = chooseKinds([served('gateway.networking.k8s.io', 'HTTPRoute', 'v1'), served('gateway.networking.k8s.io', 'HTTPRoute', 'v1beta1')], () => false);
    expect(kinds.map(({ version, need }) => [version, need])).toEqual([['v1', 'where allowed']]);
  });

  it.each([
    [[served('', 'Endpoints'), served('discovery.k8s.io', 'EndpointSlice')], ['discovery.k8s.io/EndpointSlice']],
    [[served('', 'Endpoints')], ['/Endpoints']],
    [[served('', 'Event'), served('apps', 'ControllerRevision')], []],
    [[served('example.com', 'Thing'), served('example.com', 'Other')], ['example.com/Thing']],
  ])('are chosen from what is served: %#', (kinds, expected) => {
    expect(chooseKinds(kinds, (name) => name === 'example.com/Thing').map(kindName)).toEqual(expected);
  });

  it('have paths and titles', () => {
    expect(listPath(served('', 'Pod'))).toBe('/api/v1/pods');
    expect(listPath(served('apps', 'Deployment'))).toBe('/apis/apps/v1/deployments');
    expect(['/Pod', 'apps/Deployment'].map(kindTitle)).toEqual(['Pod', 'Deployment.apps']);
  });
});
