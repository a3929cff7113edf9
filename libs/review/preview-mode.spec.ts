import { describe, expect, it } from '@jest/globals';

import { type Flow, type Mode, type ModeScope, workloadKey } from '#model';
import { type ConnectivityChange, formatPorts } from '#policy';
import { decide, type ModeCommand, NOTHING_DECIDED, previewMode, type ReviewContext, type ReviewState } from '#review';

import { networkPolicy } from '../../test/support/policies.ts';
import { API, apiProposal, approvalOf, carryOut, closed, contextOf, DB, dbProposal, obstaclesOf, proposedRule, reviewOf, reviewsOf, shop, WEB, webProposal } from '../../test/support/review-world.ts';
import { namespace, workload, world } from '../../test/support/worlds.ts';

const context = contextOf();
const CLUSTER: ModeScope = { kind: 'cluster' };
const DATA: ModeScope = { kind: 'namespace', namespace: 'data' };
const SHOP: ModeScope = { kind: 'namespace', namespace: 'shop' };

/** web, api and db are approved; db takes 5432 from api alone. */
const approved = carryOut(NOTHING_DECIDED, approvalOf(NOTHING_DECIDED, context, WEB, API, DB), context);

function flow(from: string, to: string, port: number, fields: Partial<Flow> = {}): Flow {
  return { time: '2026-12-01T00:00:00Z', from: { workload: from, names: [] }, to: { workload: to, names: [] }, protocol: 'TCP', port, count: 3, forwarded: true, line: 1, ...fields };
}

const needed = flow('shop/Deployment/api', 'data/StatefulSet/db', 5432);
const stray = flow('edge/Deployment/proxy', 'data/StatefulSet/db', 5432, { count: 7, line: 2 });

function set(scope: ModeScope, mode: ModeCommand['mode']): ModeCommand {
  return { kind: 'set-mode', scope, mode, skipsRamp: true };
}

function inModes(state: ReviewState, ...modes: readonly (readonly [ModeScope, Mode])[]): ReviewState {
  return modes.reduce((at, [scope, mode]) => carryOut(at, set(scope, mode), context), state);
}

function preview(state: ReviewState, scope: ModeScope, mode: ModeCommand['mode'], flows: readonly Flow[] = [needed, stray], asked: ReviewContext = context): Extract<ReturnType<typeof previewMode>, { readonly kind: 'preview' }> {
  const shown = previewMode(state, set(scope, mode), asked, flows);
  if (shown.kind !== 'preview') throw new Error(JSON.stringify(shown.diagnostics));
  return shown;
}

const changes = (shown: ReturnType<typeof preview>): readonly string[] => shown.changes.map(({ workload: ref, before, after }) => `${ref.name} ${before.mode.value}>${after.mode.value}`);
const lost = (shown: ReturnType<typeof preview>): readonly string[] => shown.lost.map(({ from, to, flow: { count } }) => `${from.split(' ')[1] ?? ''} > ${to.split(' ')[1] ?? ''} ${String(count)}`);
const paths = (list: readonly ConnectivityChange[] = []): readonly string[] => list.map(({ from, to, ports }) => `${endOf(from)} > ${endOf(to)} ${formatPorts(ports)}`);
const endOf = (end: ConnectivityChange['from']): string => (end.kind === 'workload' ? end.workload.name : 'outside');

describe('what setting a mode would do', () => {
  it('is who changes, what would be dropped, and what closes, in both families', () => {
    const shown = preview(approved, DATA, 'enforce');
    expect(changes(shown)).toEqual(['db observe>enforce']);
    expect(shown.lost.map(({ from, to }) => [from, to].map((end) => /edge\/|data\//.exec(end)?.[0]))).toEqual([['edge/', 'data/']]);
    expect([shown.isLowering, shown.revision, shown.unchanged, shown.open, shown.change?.opened]).toEqual([false, 1, 0, [], []]);
    expect(paths(shown.change?.closed)).toEqual(expect.arrayContaining(['proxy > db all', 'outside > db all']));
    expect(shown.change?.closed.flatMap(({ from }) => (from.kind === 'workload' ? [] : from.prefixes.map(({ family }) => family)))).toEqual(expect.arrayContaining([4, 6]));
  });

  it.each<readonly [string, ReviewState, ModeScope, ModeCommand['mode'], readonly string[], number]>([
    ['drops nothing in audit', approved, DATA, 'audit', ['db observe>audit'], 0],
    ['drops nothing where nothing is approved', NOTHING_DECIDED, CLUSTER, 'enforce', ['db observe>enforce', 'proxy observe>enforce', 'api observe>enforce', 'web observe>enforce'], 0],
    ['drops nothing that is dropped already', inModes(approved, [DATA, 'enforce']), SHOP, 'enforce', ['api observe>enforce', 'web observe>enforce'], 0],
    ['leaves alone who has a mode of its own', inModes(approved, [{ kind: 'workload', workload: DB }, 'audit']), DATA, 'enforce', [], 0],
    ['goes on to what is set around it where it is cleared', inModes(approved, [CLUSTER, 'enforce'], [DATA, 'audit']), DATA, 'cleared', ['db audit>enforce'], 1],
    ['is about one workload', inModes(approved, [DATA, 'audit']), { kind: 'workload', workload: DB }, 'enforce', ['db audit>enforce'], 1],
  ])('%s', (_what, state, scope, mode, expected, dropped) => {
    const shown = preview(state, scope, mode);
    expect([changes(shown), lost(shown).length]).toEqual([expected, dropped]);
  });

  it('tells who stays open for nothing is approved, in audit too', () => {
    for (const mode of ['audit', 'enforce'] as const) expect(preview(approved, CLUSTER, mode).open.map(workloadKey)).toEqual(['edge/Deployment/proxy']);
    expect(preview(approved, CLUSTER, 'observe').open).toEqual([]);
  });

  it('is what opens where a mode is lowered', () => {
    const shown = preview(inModes(approved, [CLUSTER, 'enforce']), DATA, 'observe');
    expect([shown.isLowering, lost(shown), shown.change?.closed]).toEqual([true, [], []]);
    // api, web and proxy are closed at their own ends as before
    expect(paths(shown.change?.opened)).toEqual(expect.arrayContaining(['proxy > db all', 'outside > db all']));
    expect(paths(shown.change?.opened)).not.toContain('web > db all');
  });

  it('is nothing a policy of others drops before and after', () => {
    const found = networkPolicy('data/theirs', { podSelector: {}, policyTypes: ['Ingress'], ingress: [] });
    const beside = contextOf({ snapshot: { ...shop, policies: [found] } });
    expect(lost(preview(approved, DATA, 'enforce', [needed, stray], beside))).toEqual([]);
  });

  it('names no paths where there are too many: whoever has to open a cluster does not wait', () => {
    const many = Array.from({ length: 33_400 }, (_, at) => workload(`shop/Deployment/other-${String(at)}`));
    const large = contextOf({ snapshot: { ...shop, workloads: new Map([...shop.workloads, ...many.map((one) => [workloadKey(one.ref), one] as const)]) } });
    const state = inModes(approved, [CLUSTER, 'enforce']);
    const shown = preview(state, CLUSTER, 'observe', [], large);
    expect([shown.change, shown.isLowering, shown.changes.filter(({ after }) => after.approval !== undefined).length]).toEqual([undefined, true, 3]);
    expect(preview(state, DATA, 'observe', [], large).change).toBeDefined();
  });

  it('is refused like the command itself', () => {
    expect(previewMode(approved, { kind: 'set-mode', scope: CLUSTER, mode: 'enforce' }, context, []).kind).toBe('refused');
  });
});

describe('what was shown', () => {
  const { shown } = preview(approved, DATA, 'enforce');
  const obstacles = (state: ReviewState, asked: ReviewContext = context): readonly string[] => obstaclesOf(decide(state, { ...set(DATA, 'enforce'), shown }, asked));

  it('is what is set', () => {
    expect(obstacles(approved)).toEqual([]);
  });

  it('is a conflict once another revision is in force', () => {
    const wider = contextOf({ reviews: reviewsOf(reviewOf(webProposal), reviewOf(apiProposal), reviewOf({ ...dbProposal, ingress: closed(proposedRule('from-web', 'shop/Deployment/web', 5432)) })) });
    const later = carryOut(approved, approvalOf(approved, wider, DB), wider);
    expect(obstacles(later)).toEqual(['mode-changed namespace data']);
    expect(obstaclesOf(decide(later, set(DATA, 'enforce'), context))).toEqual([]);
  });

  it('is a conflict once it is in another mode already', () => {
    expect(obstacles(inModes(approved, [DATA, 'audit']))).toEqual(['mode-changed namespace data']);
  });

  it('is the same where workloads come that nothing is approved for: they stay open', () => {
    const grown = world({ namespaces: [namespace('shop'), namespace('data'), namespace('edge')], workloads: [...shop.workloads.values(), workload('data/Deployment/new')] });
    expect(obstacles(approved, contextOf({ snapshot: grown }))).toEqual([]);
  });
});
