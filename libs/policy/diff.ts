import { compareText, isHostProgram, type Prefix, type Snapshot, workloadKey, type WorkloadKey, type WorkloadRef } from '#model';

import { AllowedPorts, type ApplicationView } from './allowed-ports.ts';
import { type End, endsByWorkload, outsideEnds, type OutsideEnd, type PodEnd, podEnds, portsOfEnd, siblingOf } from './ends.ts';
import { HostPrograms } from './host-programs.ts';
import { everyPolicyOf, type PoliciesInForce } from './layers.ts';
import { cutOutside, prefixesOf, type Stretch } from './outside.ts';
import { formatPorts, NO_PORTS, type PortSet, subtractPorts, unitePorts } from './port-set.ts';
import { SideDigest } from './side-digest.ts';

/** A revision, or layers of one, in the snapshot it holds in. */
export interface PolicyWorld {
  readonly revision: PoliciesInForce;
  readonly snapshot: Snapshot;
}

/** An end of a change: a workload, or all these addresses outside the cluster. */
export type ChangedEnd = { readonly kind: 'workload'; readonly workload: WorkloadRef } | { readonly kind: 'outside'; readonly prefixes: readonly Prefix[] };

/** The applications a change is about, where it is not about all traffic alike. */
export type ChangedApplication = { readonly kind: 'only'; readonly application: string } | { readonly kind: 'except'; readonly applications: readonly string[] };

export interface ConnectivityChange {
  readonly from: ChangedEnd;
  readonly to: ChangedEnd;
  readonly ports: PortSet;
  readonly application?: ChangedApplication;
}

/** What two policy sets let through differently; `added` and `removed` are workloads only one side has, and are not compared. */
export interface ConnectivityDiff {
  readonly opened: readonly ConnectivityChange[];
  readonly closed: readonly ConnectivityChange[];
  readonly added: readonly WorkloadRef[];
  readonly removed: readonly WorkloadRef[];
}

/**
 * Lists the connectivity that opens and closes between two policy sets, by workload pair and port.
 *
 * Compared are sets of connections, never texts: a policy rewritten another way is no change. A
 * pair counts as open on a port if any of its pods may use it in any family. What stays unknown
 * in this input counts as closed.
 */
export function diff(before: PolicyWorld, after: PolicyWorld): ConnectivityDiff {
  return new Comparison(before, after).run();
}

interface Side {
  readonly allowed: AllowedPorts;
  readonly ends: ReadonlyMap<WorkloadKey, readonly PodEnd[]>;
}

class Comparison {
  readonly #before: Side;
  readonly #after: Side;
  readonly #outside: readonly OutsideEnd[];
  readonly #digest: SideDigest;
  readonly #programs: readonly HostPrograms[];
  /** Programs of plain hosts somebody closes: what nobody is known to wait on there closes with them. */
  readonly #closing: ReadonlySet<WorkloadKey>;
  readonly #opened: ConnectivityChange[] = [];
  readonly #closed: ConnectivityChange[] = [];

  constructor(before: PolicyWorld, after: PolicyWorld) {
    const stretches = cutOutside([before, after]);
    this.#before = sideOf(before, stretches);
    this.#after = sideOf(after, stretches);
    this.#outside = outsideEnds([before.snapshot, after.snapshot], stretches);
    this.#digest = new SideDigest(before, after);
    this.#programs = [new HostPrograms(before.snapshot), new HostPrograms(after.snapshot)];
    this.#closing = new Set([before, after].flatMap(({ revision }) => everyPolicyOf(revision).flatMap(({ subject, ingress }) => (subject.kind === 'workload' && ingress !== undefined && isHostProgram(subject.workload) ? [workloadKey(subject.workload)] : []))));
  }

  run(): ConnectivityDiff {
    const keys = [...this.#before.ends.keys()].filter((key) => this.#after.ends.has(key)).sort(compareText);
    const sends = new Set(keys.filter((key) => !this.#digest.isSame('egress', key, this.#podsOf(key))));
    const receives = keys.filter((key) => !this.#digest.isSame('ingress', key, this.#podsOf(key)));
    // where neither end changed nothing between them did
    for (const from of keys) for (const to of sends.has(from) ? keys : receives) this.#comparePair(from, to);
    for (const key of sends) this.#compareOutside(key, 'egress');
    for (const key of receives) this.#compareOutside(key, 'ingress');
    return {
      opened: this.#opened.sort(compareChanges),
      closed: this.#closed.sort(compareChanges),
      added: missingFrom(this.#before, this.#after),
      removed: missingFrom(this.#after, this.#before),
    };
  }

  #podsOf(key: WorkloadKey): { readonly before: readonly PodEnd[]; readonly after: readonly PodEnd[] } {
    return { before: this.#before.ends.get(key) ?? [], after: this.#after.ends.get(key) ?? [] };
  }

  #comparePair(from: WorkloadKey, to: WorkloadKey): void {
    const sender = this.#podsOf(from);
    const receiver = this.#podsOf(to);
    const ends = { from: workloadEnd(sender.after), to: workloadEnd(receiver.after) };
    const parts = this.#compare([sender.before, receiver.before], [sender.after, receiver.after]);
    for (const { isOpened, ...part } of parts) (isOpened ? this.#opened : this.#closed).push({ ...ends, ...part });
  }

  // Stretches that change alike are one change.
  #compareOutside(key: WorkloadKey, direction: 'ingress' | 'egress'): void {
    const own = this.#podsOf(key);
    const workload = workloadEnd(own.after);
    const groups = new Map<string, { readonly part: ChangedPart; readonly stretches: Stretch[] }>();
    for (const end of this.#outside) {
      const parts = direction === 'egress' ? this.#compare([own.before, [end]], [own.after, [end]]) : this.#compare([[end], own.before], [[end], own.after]);
      for (const part of parts) {
        const text = JSON.stringify([part.isOpened, formatPorts(part.ports), part.application]);
        const group = groups.get(text);
        if (group === undefined) groups.set(text, { part, stretches: [end.stretch] });
        else group.stretches.push(end.stretch);
      }
    }
    for (const { part, stretches } of groups.values()) {
      const { isOpened, ...rest } = part;
      const outside: ChangedEnd = { kind: 'outside', prefixes: prefixesOf(stretches) };
      const change = direction === 'egress' ? { from: workload, to: outside, ...rest } : { from: outside, to: workload, ...rest };
      (isOpened ? this.#opened : this.#closed).push(change);
    }
  }

  #compare(before: readonly [readonly End[], readonly End[]], after: readonly [readonly End[], readonly End[]]): readonly ChangedPart[] {
    const applications = [...new Set([...applicationsOf(this.#before, before), ...applicationsOf(this.#after, after)])].sort(compareText);
    const differenceIn = (view: ApplicationView): readonly [PortSet, PortSet] => {
      const old = this.#between(this.#before, before, view);
      const now = this.#between(this.#after, after, view);
      return [subtractPorts(now, old), subtractPorts(old, now)];
    };
    const plain = differenceIn('any');
    const parts = partsOf(plain);
    if (applications.length === 0) return parts;
    const views: readonly (readonly [ApplicationView, ChangedApplication])[] = [
      ...applications.map((application) => [{ application }, { kind: 'only', application }] as const),
      ['other', { kind: 'except', applications }],
    ];
    for (const [view, application] of views) {
      const [opened, closed] = differenceIn(view);
      parts.push(...partsOf([subtractPorts(opened, plain[0]), subtractPorts(closed, plain[1])], application));
    }
    return parts;
  }

  #between({ allowed }: Side, [senders, receivers]: readonly [readonly End[], readonly End[]], view: ApplicationView): PortSet {
    let ports = NO_PORTS;
    for (const from of senders) {
      for (const to of receivers) {
        if (from.party.address.family !== to.party.address.family) continue;
        ports = unitePorts(ports, this.#ownOf(to, allowed.between(from.party, siblingOf(from.party, to.party), view)));
      }
    }
    return ports;
  }

  /** Programs of one host share its addresses: each answers for its own ports, and who closes the host for those of nobody. */
  #ownOf(to: End, ports: PortSet): PortSet {
    const { host } = to.party;
    if (to.kind !== 'pods' || host === undefined || !isHostProgram(to.workload)) return ports;
    if (!this.#closing.has(workloadKey(to.workload))) return portsOfEnd(to.party, ports);
    return this.#programs.reduce((left, programs) => subtractPorts(left, programs.portsBeside(host)), ports);
  }
}

interface ChangedPart {
  readonly isOpened: boolean;
  readonly ports: PortSet;
  readonly application?: ChangedApplication;
}

function partsOf([opened, closed]: readonly [PortSet, PortSet], application?: ChangedApplication): ChangedPart[] {
  const about = application === undefined ? {} : { application };
  const parts: readonly ChangedPart[] = [{ isOpened: true, ports: opened, ...about }, { isOpened: false, ports: closed, ...about }];
  return parts.filter(({ ports }) => ports.length > 0);
}

function sideOf({ revision, snapshot }: PolicyWorld, stretches: readonly Stretch[]): Side {
  return { allowed: new AllowedPorts(revision, snapshot), ends: endsByWorkload(podEnds(snapshot, stretches)) };
}

function applicationsOf({ allowed }: Side, ends: readonly (readonly End[])[]): readonly string[] {
  return allowed.applicationsOf(ends.flat().map(({ party }) => party));
}

function workloadEnd([first]: readonly PodEnd[]): ChangedEnd {
  if (first === undefined) throw new Error('compare connectivity: a workload without pods');
  return { kind: 'workload', workload: first.workload };
}

// workloads before the world outside
function compareChanges(a: ConnectivityChange, b: ConnectivityChange): number {
  return compareText(endText(a.from), endText(b.from)) || compareText(endText(a.to), endText(b.to)) || compareText(JSON.stringify([a.application, a.ports]), JSON.stringify([b.application, b.ports]));
}

function endText(end: ChangedEnd): string {
  return end.kind === 'workload' ? `0 ${workloadKey(end.workload)}` : `1 ${end.prefixes.map(({ text }) => text).join(' ')}`;
}

function missingFrom(one: Side, other: Side): readonly WorkloadRef[] {
  const missing = [...other.ends].filter(([key]) => !one.ends.has(key)).flatMap(([, ends]) => ends.slice(0, 1));
  return missing.map(({ workload }) => workload).sort((a, b) => compareText(workloadKey(a), workloadKey(b)));
}
