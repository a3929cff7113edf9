import { describe, expect, it } from '@jest/globals';

import { EVERYTHING, type LabelSelector, type Namespace, type Pod, selectorFromLabels } from '#model';

import { smallWorld } from '../../../test/support/policy-worlds.ts';
import { namespace } from '../../../test/support/worlds.ts';
import { type Selection, SelectionIndex } from './selection-index.ts';

interface Item {
  readonly name: string;
  readonly selection: Selection;
}

function inNamespace(name: string, pods: LabelSelector): Selection {
  return { kind: 'pods', namespaces: { kind: 'name', name }, pods };
}

function byLabels(selector: LabelSelector, pods: LabelSelector = EVERYTHING): Selection {
  return { kind: 'pods', namespaces: { kind: 'selector', selector }, pods };
}

const SELECTIONS: Readonly<Record<string, Selection>> = {
  all: { kind: 'all' },
  workload: { kind: 'workload', key: 'x/Deployment/a' },
  other: { kind: 'workload', key: 'x/Deployment/b' },
  'in x': inNamespace('x', EVERYTHING),
  'in y': inNamespace('y', EVERYTHING),
  'app a': inNamespace('x', selectorFromLabels({ app: 'a' })),
  'app a or c': inNamespace('x', { requirements: [{ key: 'app', operator: 'In', values: ['a', 'c', 'a'] }] }),
  'app a, tier back': inNamespace('x', selectorFromLabels({ app: 'a', tier: 'back' })),
  'not app b': inNamespace('x', { requirements: [{ key: 'app', operator: 'NotIn', values: ['b'] }] }),
  everywhere: byLabels(EVERYTHING),
  blue: byLabels(selectorFromLabels({ team: 'blue' })),
  'not blue': byLabels({ requirements: [{ key: 'team', operator: 'NotIn', values: ['blue'] }] }),
  'called x': byLabels(selectorFromLabels({ 'kubernetes.io/metadata.name': 'x' })),
};

const pod = smallWorld('apart').pods.get('x/a')!;

function selecting(namespaces: ReadonlyMap<string, Namespace>, which: Pod = pod): readonly string[] {
  const index = new SelectionIndex<Item>(namespaces);
  for (const [name, selection] of Object.entries(SELECTIONS)) index.add({ name, selection });
  return index.selecting(which).map(({ name }) => name).sort();
}

const ALWAYS = ['all', 'app a', 'app a or c', 'in x', 'not app b', 'workload'];

describe('what selects a pod', () => {
  it('is found by name, labels and workload', () => {
    expect(selecting(new Map([['x', namespace('x', { team: 'blue' })]]))).toEqual([...ALWAYS, 'blue', 'called x', 'everywhere'].sort());
  });

  it('reaches a namespace whose labels nobody knows by its name alone', () => {
    expect(selecting(new Map())).toEqual([...ALWAYS, 'called x', 'everywhere'].sort());
  });

  it('trusts declared labels, the name among them', () => {
    const unnamed = { name: 'x', labels: {}, isDeclared: true };
    expect(selecting(new Map([['x', unnamed]]))).toEqual([...ALWAYS, 'everywhere', 'not blue'].sort());
  });

  it('follows labels of namespaces that change, and forgets what is deleted', () => {
    const namespaces = new Map([['x', namespace('x')]]);
    const index = new SelectionIndex<Item>(namespaces);
    const blue = { name: 'blue', selection: SELECTIONS['blue']! };
    const second = { name: 'second', selection: SELECTIONS['blue']! };
    index.add(blue);
    index.add(second);
    expect(index.selecting(pod)).toEqual([]);
    namespaces.set('x', namespace('x', { team: 'blue' }));
    index.namespaceChanged('x');
    expect(index.selecting(pod)).toEqual([blue, second]);
    index.delete(blue);
    expect(index.selecting(pod)).toEqual([second]);
    index.delete(second);
    expect(index.selecting(pod)).toEqual([]);
  });

  it('is not fooled by labels called like properties of objects', () => {
    const hostile = { ...pod, labels: Object.fromEntries([['__proto__', 'a'], ['constructor', 'b']]) };
    expect(selecting(new Map(), hostile)).toEqual(['all', 'called x', 'everywhere', 'in x', 'not app b', 'workload']);
  });
});
