import { type Connection, type Direction, isHostProgram, type Snapshot, type Verdict, type VerdictReason } from '#model';

import { LayeredCoverage } from './layered-coverage.ts';
import { layersAt, type PoliciesInForce } from './layers.ts';
import { isOwnNode, isSamePod, type Party, PartyFinder } from './party.ts';
import { PeerMatcher } from './peer-matching.ts';
import type { SideVerdict } from './side.ts';

/** Answers questions about one revision, or layers of one, in one snapshot; make one for many questions. */
export interface Evaluator {
  evaluate(connection: Connection): Verdict;
}

/** When the question is asked, in milliseconds since 1970; absent: before any rule ends. */
export interface EvaluationTime {
  readonly now?: number;
}

export function createEvaluator(inForce: PoliciesInForce, snapshot: Snapshot, { now }: EvaluationTime = {}): Evaluator {
  return new SnapshotEvaluator(new LayeredCoverage(layersAt(inForce, now), snapshot), snapshot);
}

/**
 * Says whether a connection would be let through, and which rules decided it.
 *
 * A pod this revision does not cover is open; one it covers admits only what some rule names. Both
 * ends have to agree, and of layers every one at each end. The verdict is `unknown` when it hangs on something this snapshot has not
 * seen (the labels of a namespace that is not in the input, the addresses behind a name): enforcing
 * treats that as deny, previewing shows it.
 *
 * Addresses are matched as the workload sees them, after service translation, so `port` is the
 * target port and never the service port. A pod always reaches itself, and a pod's own node (the
 * kubelet) always reaches the pod.
 *
 * A plain host receives by the policies of its programs put together ({@link hostPoliciesOf}), as if
 * all of them were enforced, and stays open where people log in. What its programs send is open.
 *
 * Same arguments, same answer: no clock, no I/O, nothing remembered.
 */
export function evaluate(inForce: PoliciesInForce, snapshot: Snapshot, connection: Connection, time: EvaluationTime = {}): Verdict {
  return createEvaluator(inForce, snapshot, time).evaluate(connection);
}

class SnapshotEvaluator implements Evaluator {
  readonly #snapshot: Snapshot;
  readonly #coverage: LayeredCoverage;
  readonly #parties: PartyFinder;
  readonly #matcher: PeerMatcher;

  constructor(coverage: LayeredCoverage, snapshot: Snapshot) {
    this.#snapshot = snapshot;
    this.#coverage = coverage;
    this.#parties = new PartyFinder(snapshot);
    this.#matcher = new PeerMatcher(snapshot);
  }

  evaluate(connection: Connection): Verdict {
    const from = this.#parties.find(connection.from);
    const to = this.#parties.find(connection.to);
    if (isSamePod(from, to)) return { decision: 'allow', reasons: [open('egress', 'a pod cannot block access to itself')] };
    if (this.#coverage.isWithinHost(from, to)) return { decision: 'allow', reasons: [open('egress', 'a host cannot block access to itself')] };
    const egress = this.#decide('egress', from, to, to, connection);
    const ingress =
      to.pod !== undefined && isOwnNode(from, to.pod, this.#snapshot)
        ? always('ingress', `${to.pod.node ?? ''} is the pod's own node, which always reaches its pods (the kubelet's probes come from there)`)
        : this.#decide('ingress', to, from, to, connection);
    const reasons = [...egress.reasons, ...ingress.reasons];
    if (!egress.mayAllow || !ingress.mayAllow) return { decision: 'deny', reasons };
    return { decision: egress.mayDeny || ingress.mayDeny ? 'unknown' : 'allow', reasons };
  }

  #decide(direction: Direction, subject: Party, peer: Party, to: Party, connection: Connection): SideVerdict {
    const pod = this.#coverage.subjectAt(direction, subject);
    if (pod === undefined) return always(direction, notSubject(direction, subject));
    return this.#coverage.decide({ direction, pod, peer, destination: to.pod, connection }, this.#matcher);
  }
}

function notSubject(direction: Direction, { address, host }: Party): string {
  if (host === undefined) return `${address.text} is no pod of this input, so no policy applies to it`;
  const name = `${host.namespace}/${host.name}`;
  if (isHostProgram(host.workload)) return direction === 'egress' ? `${name} shares the addresses of its host, where no rule tells what it sends from what others send, so it is open` : `no program of host ${host.namespace} is closed, so ${name} is open`;
  return host.hostNetwork ? `${name} uses its node's network, so no policy applies to it` : `${name} has finished, so no policy applies to it`;
}

function always(direction: Direction, text: string): SideVerdict {
  return { mayAllow: true, mayDeny: false, reasons: [open(direction, text)] };
}

function open(direction: Direction, text: string): VerdictReason {
  return { direction, effect: 'allow', text };
}
