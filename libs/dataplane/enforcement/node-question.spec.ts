import { describe, expect, it } from '@jest/globals';

import type { NodeBundle } from '#compilers/nftables';

import { bundleWith, makePod, makeProfile, peerAddress, podAddress } from '../../../test/support/node-bundles.ts';
import { answerQuestion, type NodeAnswers } from './node-question.ts';
import { viewRules } from './node-view.ts';

const pods = [makePod(0, 1), { pod: 'team/open', addresses: [podAddress(4, 1)] }];
const bundle = bundleWith(pods, [makeProfile(0, [podAddress(4, 1).text, peerAddress(0).text])]);

function ask(from: string, to: string, port: string, about: NodeBundle = bundle): NodeAnswers {
  return answerQuestion({ bundle: about, generation: 1, layout: {} }, { from, to, port });
}

describe('why a connection passes or not', () => {
  it.each<[string, string, string, object]>([
    ['team/open', 'team/pod-0', '8080', { verdict: 'accept', hook: 'forward', rules: [{ policy: 'NetworkPolicy team/app', rule: 'ingress-0' }] }],
    ['team/open', 'team/pod-0', '22/tcp', { verdict: 'drop', rules: [], decidedBy: 'ingress is closed by NetworkPolicy team/app, and no rule lets it pass' }],
    [peerAddress(0).text, 'team/pod-0', '8080/TCP', { verdict: 'accept', from: { address: peerAddress(0).text } }],
    [peerAddress(9).text, 'team/pod-0', '8080/TCP', { verdict: 'drop' }],
    [peerAddress(9).text, 'team/pod-0', '53/UDP', { verdict: 'accept', rules: [{ rule: 'ingress-0' }] }],
    ['team/pod-0', 'team/open', 'ICMP', { verdict: 'accept', rules: [], decidedBy: 'nothing closes it' }],
    ['10.64.9.9', 'team/open', '80', { verdict: 'drop', decidedBy: expect.stringContaining('unknown') }],
    ['node', 'team/pod-0', '22', { verdict: 'accept', hook: 'output', decidedBy: expect.stringContaining('failsafe') }],
    ['team/pod-0', 'node', '22', { verdict: 'accept', hook: 'input' }],
  ])('%s to %s, %s', (from, to, port, expected) => {
    const found = ask(from, to, port);
    expect(found.kind === 'answers' ? found.answers[0] : found).toMatchObject(expected);
  });

  it('says what audit would have dropped', () => {
    const audited = { ...bundle, pods: [{ ...pods[0]!, ingressMode: 'audit' as const }, pods[1]!] };
    expect(ask('team/open', 'team/pod-0', '22', audited)).toMatchObject({ answers: [{ verdict: 'accept', decidedBy: expect.stringMatching(/^audit only.*NetworkPolicy team\/app/) }] });
    expect(viewRules(audited, {}, undefined).pods[0]).toMatchObject({ pod: 'team/pod-0', ingress: 'i_app_0000 (audit)', egress: 'open' });
  });

  it.each([
    ['team/nobody', 'team/open', '80', /no pod of this node/],
    ['team/open', 'x\n\u001b[31m', '80', /no pod of this node/],
    ['team/open', 'team/pod-0', '0', /port and protocol/],
    ['team/open', 'team/pod-0', '80/ICMP', /port and protocol/],
    ['team/open', 'fd00:64::99', '80', /no addresses of one family/],
    ['node', 'node', '80', /no rule/],
  ])('has no answer to %j, %j, %j, and says why', (from, to, port, why) => {
    expect(ask(from, to, port)).toMatchObject({ kind: 'problem', why: expect.stringMatching(why) });
  });
});

describe('what is enforced', () => {
  it('counts hits where they belong', () => {
    const counters = [
      { chain: 'i_app_0000_d', packets: 3, bytes: 180 },
      { chain: 'i_app_0000_r_d', packets: 2, bytes: 120 },
      { chain: 'unknown', packets: 5, bytes: 300 },
    ];
    const number = viewRules(bundle, {}, undefined).profiles[0]?.rules[0]?.number;
    const { profiles, refused } = viewRules(bundle, {}, counters, new Map([[`ingress ${String(number)}`, 7], [`egress ${String(number)}`, 9]]));
    expect(profiles).toMatchObject([{ refusedPackets: 5, pods: ['team/pod-0'], rules: [{ connections: 7, matches: ['pods app=x (2 addresses), 8080/TCP', 'anybody, 9000-9100/TCP 53/UDP'] }] }]);
    expect(refused).toEqual([{ chain: 'unknown', why: expect.stringContaining('nobody vouches'), packets: 5 }]);
  });
});
