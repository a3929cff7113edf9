import { describe, expect, it } from '@jest/globals';

import type { Diagnostic, DirectionProposal, Proposal } from '#model';

import { refusedDirections } from './refused-directions.ts';

const closed: DirectionProposal = { kind: 'closed', rules: [], why: 'known' };
const open: DirectionProposal = { kind: 'open', why: 'not known' };

function proposal(name: string, ingress: DirectionProposal, egress: DirectionProposal): Proposal {
  return { workload: { namespace: 'shop', kind: 'Deployment', name }, ingress, egress };
}

function said(code: string, subject: string, message: string): Diagnostic {
  return { code, severity: 'warning', subject, message, hint: 'label it', origin: { file: 'a.yaml', line: 1 } };
}

describe('directions a target can not close', () => {
  it('are those that were to be closed', () => {
    const refused = refusedDirections([proposal('web', closed, open)], [said('no-lasting-label', 'shop/Deployment/web', 'carries no label')]);
    expect(refused).toEqual([{ workload: { namespace: 'shop', kind: 'Deployment', name: 'web' }, direction: 'ingress', why: 'it carries no label; label it' }]);
  });

  it('are one direction of several workloads where one of their kind leaves it open', () => {
    const proposals = [proposal('blue', closed, closed), proposal('green', closed, closed)];
    const refused = refusedDirections(proposals, [said('left-open-for-another', 'shop/Deployment/blue, shop/Deployment/green', 'egress is left open')]);
    expect(refused.map(({ workload, direction }) => `${workload.name} ${direction}`)).toEqual(['blue egress', 'green egress']);
  });

  it('are none for what is only said of a rule', () => {
    expect(refusedDirections([proposal('web', closed, closed)], [said('protocol-not-said', 'shop/Deployment/web', 'ICMP')])).toEqual([]);
  });
});
