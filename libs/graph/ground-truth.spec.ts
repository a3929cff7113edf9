import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { measureApplication } from '../../test/support/measure.ts';
import { describeShared } from '../../test/support/needs.ts';
import { pooled } from '../../test/support/score.ts';

// shares of never-talking pairs that the default policies close: a lower one is a step back
const LEAST_CLOSED: Readonly<Record<string, number>> = {
  'bank-of-anthos': 0.75,
  'compose-voting': 0.2,
  'kube-prometheus': 0.45,
  'online-boutique': 0.9,
};

describeShared('ground-truth', 'graphs of applications whose truth is known', (folder) => {
  const apps = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const measures = apps.map((app) => measureApplication(join(folder, app)));

  it('there are applications to measure', () => {
    expect(measures.length).toBeGreaterThanOrEqual(5);
  });

  it('the strong tier is right, and sees what metadata shows', () => {
    const total = pooled(measures.map(({ tally }) => tally));
    expect(total.precision).toBeGreaterThanOrEqual(0.95);
    expect(total.recallVisible).toBeGreaterThanOrEqual(0.95);
    expect(total.portPrecision).toBeGreaterThanOrEqual(0.95);
    expect(total.traps).toBe(0);
  });

  describe.each(measures)('$app', ({ app, truth, graph, score, harm }) => {
    it('takes no trap', () => {
      expect(score.trapsTaken).toEqual([]);
    });

    it('names no entity the truth does not', () => {
      expect(score.otherWrong).toEqual([]);
    });

    it('cuts no true edge by default', () => {
      expect(harm.trueEdges).toBeGreaterThan(0);
      expect(harm.cut).toEqual([]);
    });

    const least = LEAST_CLOSED[app];
    if (least !== undefined) {
      it(`closes at least ${String(least)} of the pairs that never talk`, () => {
        expect(harm.closedShare).toBeGreaterThanOrEqual(least);
      });
    }

    it('cuts no edge that is only hinted at', () => {
      const hints = graph.relationships.filter(({ tier }) => tier === 'weak');
      const closed = hints.filter(({ from, to }) => isClosed(from, 'egress') || isClosed(to, 'ingress'));
      expect(closed).toEqual([]);
    });

    it('reports Services that are not there instead of opening anything', () => {
      const absent = truth.traps.flatMap(({ to }) => (typeof to === 'string' ? [to.replace('absent:', '')] : []));
      for (const name of absent) expect(graph.relationships.map(({ host }) => host)).not.toContain(name);
    });

    function isClosed(peer: (typeof graph.relationships)[number]['from'], direction: 'ingress' | 'egress'): boolean {
      if (typeof peer === 'string') return false;
      return graph.knowledge.get(`${peer.namespace}/${peer.kind}/${peer.name}`)?.[direction].isKnown === true;
    }
  });
});
