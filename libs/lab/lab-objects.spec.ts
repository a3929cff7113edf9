import { describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';

import { placeExamplePods, snapshotOf } from '#inventory';
import { formatSelector, selectorFromLabels } from '#model';
import { readPaths } from '#sources/files';

import { labObjects } from './lab-objects.ts';
import { serviceRoutes } from './service-table.ts';

const shop = fileURLToPath(new URL('../../policies/examples/shop/kubernetes', import.meta.url));
const { updates } = readPaths([shop], { readStdin: () => '' });
const placed = placeExamplePods(snapshotOf(updates), { nodes: 3 });
const told = snapshotOf(labObjects(updates, 3));

describe('a cluster of the lab as its API server would tell of it', () => {
  it('has the pods, nodes and workloads of the manifests', () => {
    const shown = ({ pods }: typeof told): readonly string[] =>
      [...pods].map(([key, { addresses, node, labels, workload, ports }]) => [key, node, workload.kind, workload.name, addresses.map(({ text }) => text), formatSelector(selectorFromLabels(labels)), JSON.stringify(ports)].join(' '));
    expect(placed.pods.size).toBeGreaterThan(20);
    expect(shown(told)).toEqual(shown(placed));
    expect([...told.workloads.keys()]).toEqual([...placed.workloads.keys()]);
    expect([...told.nodes].map(([name, { addresses }]) => [name, addresses])).toEqual([...placed.nodes].map(([name, { addresses }]) => [name, addresses]));
  });

  it('has no pod that stands for another', () => {
    expect([...told.pods.values()].filter(({ isExample }) => isExample)).toEqual([]);
  });

  it('gives every Service the addresses its nodes translate, in both families', () => {
    expect(serviceRoutes(told)).toEqual(serviceRoutes(placed));
    const products = told.services.get('shop/products');
    expect(products?.clusterAddresses.map(({ family }) => family)).toEqual([4, 6]);
  });

  it('is the same for the same manifests, and holds one object a key', () => {
    const keys = labObjects(updates, 3).map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    expect(labObjects(updates, 3)).toEqual(labObjects(updates, 3));
  });
});
