import { describe, expect, it } from '@jest/globals';

import type { SourceUpdate } from '#model';

import { updatesFromYaml } from '../../test/support/manifests.ts';
import { walksThrough, type World } from '../../test/support/sequences.ts';

import { AddressHistory } from './address-history.ts';
import { Inventory } from './inventory.ts';

function pod(name: string, ip: string, phase = 'Running', spec = 'nodeName: node-a, '): string {
  return `---\napiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, namespace: shop}\nspec: {${spec}containers: [{name: c}]}\nstatus: {phase: ${phase}, podIPs: [{ip: "${ip}"}]}\n`;
}

function updates(...texts: readonly string[]): readonly SourceUpdate[] {
  return updatesFromYaml(texts.join('')).updates;
}

describe.each([
  { family: 'IPv4', x: '10.1.0.5', y: '10.1.0.6', near: '10.1.0.9', nodeAt: '192.0.2.9', cluster: '10.96.0.8' },
  { family: 'IPv6', x: '2001:db8:1::5', y: '2001:db8:1::6', near: '2001:db8:1::9', nodeAt: '2001:db8:a::9', cluster: '2001:db8:5::8' },
])('the history of $family addresses', ({ x, y, near, nodeAt, cluster }) => {
  const nodeA = `---\napiVersion: v1\nkind: Node\nmetadata: {name: node-a}\nstatus: {addresses: [{type: InternalIP, address: "${nodeAt}"}]}\n`;
  const service = `---\napiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: shop}\nspec: {clusterIP: "${cluster}", ports: [{port: 80, nodePort: 30080}]}\n`;
  const worlds: readonly World[] = [
    { name: 'one holder', updates: updates(nodeA, service, pod('a', x)) },
    { name: 'a change of hands', updates: updates(nodeA, pod('a', x, 'Succeeded'), pod('b', x), pod('h', nodeAt, 'Running', 'nodeName: node-a, hostNetwork: true, ')) },
    { name: 'two that swap', updates: updates(nodeA, service, pod('a', y), pod('b', x)) },
    { name: 'nobody', updates: updates(nodeA, pod('c', near)) },
    { name: 'the last', updates: updates(nodeA, service, pod('a', x), pod('b', y, 'Failed'), pod('h', nodeAt, 'Running', 'nodeName: node-a, hostNetwork: true, ')) },
  ];

  function answers(history: AddressHistory): unknown {
    return {
      holders: [x, y, near, nodeAt, cluster].map((text) => history.holdersOf(text, 1_000, 2_000, 'node-a').map(({ id }) => id)),
      nodePort: history.serviceOfNodePort(30_080, 'TCP', 1_000, 2_000),
      shared: history.sharingNode('node-a', 1_000, 2_000),
      size: history.size,
      dropped: history.dropped,
    };
  }

  it('depends on what was there at a moment, not on the order its news came in', () => {
    const all = walksThrough(worlds).map(({ name, batches }) => {
      const inventory = new Inventory();
      const history = new AddressHistory();
      for (const batch of batches) {
        for (const update of batch) inventory.accept(update);
        history.observe(inventory.snapshot(), 1_000);
      }
      return { name, answers: answers(history) };
    });
    const [first] = all;
    expect(first?.answers).toMatchObject({
      holders: [['pod shop/a shop/Pod/a node-a'], [], [], ['node node-a'], ['service shop/s cluster']],
      nodePort: 'shop/s',
      shared: [{ kind: 'Pod', name: 'h' }],
    });
    for (const each of all) expect(each).toEqual({ name: each.name, answers: first?.answers });
  });

  it('is bounded in time and number, and does not forget what is held', () => {
    const inventory = new Inventory();
    const history = new AddressHistory({ keptMs: 10_000, mostEnded: 50 });
    for (const update of updates(nodeA, service, pod('a', x))) inventory.accept(update);
    for (let round = 0; round < 500; round += 1) {
      for (const update of updates(pod(`churn-${round}`, round % 2 === 0 ? y : near))) inventory.accept(update);
      if (round > 0) inventory.accept({ ...(updates(pod(`churn-${round - 1}`, y))[0] as SourceUpdate), value: undefined });
      history.observe(inventory.snapshot(), round * 100);
    }
    expect(history.size).toBe(5);
    expect(history.dropped).toBe(500 - 1 - 50);
    expect(history.holdersOf(y, 49_800, 49_800).map(({ id }) => id)).toEqual(['pod shop/churn-498 shop/Pod/churn-498 node-a']);
    expect(history.holdersOf(y, 1_000, 1_000)).toEqual([]);
    expect(history.holdersOf(x, 1_000, 1_000)).toHaveLength(1);
    history.observe(inventory.snapshot(), 1_000_000);
    expect(history.size).toBe(4);
  });
});
