import { describe, expect, it } from '@jest/globals';

import { decide, MOST_FOUNDED, NOTHING_DECIDED, type ReviewCommand, type ReviewState } from '#review';

import { ALICE, AUTO, carryOut, contextOf, obstaclesOf } from '../../test/support/review-world.ts';

const byRule = { ...contextOf(), actor: AUTO };
const byPerson = { ...contextOf(), actor: ALICE };

function found(...projects: readonly string[]): ReviewCommand {
  return { kind: 'found-projects', projects: projects.map((each) => ({ project: each.split(' ')[0] ?? '', node: each.split(' ')[1] ?? '' })) };
}

function admissions({ projects }: ReviewState): readonly string[] {
  return [...projects].flatMap(([project, nodes]) => [...nodes].map(([node, { value, decided }]) => `${project} ${node} ${value} by ${decided.by.name}`));
}

describe('where a project may run', () => {
  it('is its first node, and what a person says of others', () => {
    let state = carryOut(NOTHING_DECIDED, found('crm a', 'crm b', 'erp b'), byRule);
    state = carryOut(state, { kind: 'set-project-node', project: 'crm', node: 'b', admission: 'admitted', reason: 'it grows' }, byPerson);
    state = carryOut(state, { kind: 'set-project-node', project: 'erp', node: 'a', admission: 'refused' }, byPerson);
    expect(admissions(state)).toEqual(['crm a founded by steady', 'crm b admitted by alice', 'erp b founded by steady', 'erp a refused by alice']);
    state = carryOut(state, { kind: 'set-project-node', project: 'erp', node: 'b', admission: 'cleared' }, byPerson);
    // refused nodes keep it from being anybody's for the asking
    expect(admissions(carryOut(state, found('erp c'), byRule))).toEqual(['crm a founded by steady', 'crm b admitted by alice', 'erp a refused by alice']);
  });

  it('is nothing a rule may say', () => {
    for (const admission of ['admitted', 'refused', 'cleared'] as const) expect(obstaclesOf(decide(NOTHING_DECIDED, { kind: 'set-project-node', project: 'crm', node: 'b', admission }, byRule))).toEqual(['admission-by-rule project crm']);
  });

  it('is nobody’s for the asking without end', () => {
    const many = Array.from({ length: MOST_FOUNDED + 50 }, (_, at) => `p${String(at)} a`);
    const state = carryOut(NOTHING_DECIDED, found(...many.slice(0, 60)), byRule);
    const after = carryOut(state, found(...many, 'crm b'), byRule);
    expect(admissions(after)).toHaveLength(MOST_FOUNDED + 1);
    expect(admissions(after).at(-1)).toBe('crm b founded by steady');
    expect(decide(after, found('p200 a', 'p1 b'), byRule)).toEqual({ kind: 'events', events: [], notes: [] });
  });

  it('takes no name that is longer than any, and nothing back that was never said', () => {
    expect(obstaclesOf(decide(NOTHING_DECIDED, { kind: 'set-project-node', project: 'x'.repeat(254), node: 'b', admission: 'admitted' }, byPerson))).toEqual(['name-too-long admission']);
    expect(obstaclesOf(decide(NOTHING_DECIDED, { kind: 'set-project-node', project: 'crm', node: 'b', admission: 'cleared' }, byPerson))).toEqual(['admission-missing project crm']);
    expect(decide(NOTHING_DECIDED, found(`${'x'.repeat(254)} a`), byRule)).toEqual({ kind: 'events', events: [], notes: [] });
  });
});
