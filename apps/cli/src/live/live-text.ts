import type { ActorShape, PeerShape, PortMatchShape, RuleShape } from '#operator-api';
import { type GraphPeer, workloadKey, type WorkloadRef } from '#model';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `2026-12-01 12:30 UTC`. */
export function dateText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** `2026-12-01 12:30 UTC (5 min ago)`. */
export function timeText(at: number, now: number): string {
  return `${dateText(at)} (${agoText(at, now)})`;
}

/** `5 min ago`, `in 2 days`. */
export function agoText(at: number, now: number): string {
  const span = Math.abs(now - at);
  if (span < MINUTE) return at <= now ? 'just now' : 'within a minute';
  const text = span < HOUR ? `${String(Math.floor(span / MINUTE))} min` : span < 2 * DAY ? `${String(Math.floor(span / HOUR))} h` : `${String(Math.floor(span / DAY))} days`;
  return at <= now ? `${text} ago` : `in ${text}`;
}

/** `alice (claimed, uid 1000)`, `rule both-kinds`. */
export function actorText({ kind, name }: ActorShape): string {
  return kind === 'person' ? name : `rule ${name}`;
}

const BAR = 20;

/**
 * A share with its interval: `##################=. 97 % (90 to 99 %)`. `#` is certain, `=` lies
 * within the interval, `.` is not learned yet.
 */
export function coverageText({ estimate, low, high }: { readonly estimate: number; readonly low: number; readonly high: number }): string {
  const sure = Math.floor(low * BAR);
  const may = Math.max(sure, Math.ceil(high * BAR));
  const bar = '#'.repeat(sure) + '='.repeat(may - sure) + '.'.repeat(BAR - may);
  return `${bar} ${percent(estimate)} % (${percent(low)} to ${percent(high)} %)`;
}

/** The same in a table: `97 % (90-99)`. */
export function shareText({ estimate, low, high }: { readonly estimate: number; readonly low: number; readonly high: number }): string {
  return `${percent(estimate)} % (${percent(low)}-${percent(high)})`;
}

// Never 100 before all of it is: 99.6 is not everything.
function percent(share: number): string {
  const whole = Math.round(share * 100);
  return String(whole === 100 && share < 1 ? 99 : whole);
}

/** Who a rule lets through, in words. */
export function peersText(peers: RuleShape['peers']): string {
  if (peers === 'any') return 'anyone';
  return peers.length === 0 ? 'nobody' : peers.map(peerText).join(', ');
}

function peerText(peer: PeerShape): string {
  switch (peer.kind) {
    case 'workload':
      return workloadKey(peer.workload);
    case 'host':
      return peer.host;
    case 'entity':
      return peer.entity;
    case 'cidr':
      return peer.except.length === 0 ? peer.cidr : `${peer.cidr} except ${peer.except.join(' ')}`;
    case 'nodes':
      return `nodes ${selectorText(peer.nodes)}`;
    case 'pods': {
      const where = peer.namespaces.kind === 'name' ? peer.namespaces.name : `namespaces ${selectorText(peer.namespaces.selector)}`;
      return `${where}: pods ${selectorText(peer.pods)}`;
    }
  }
}

function selectorText({ requirements }: { readonly requirements: readonly { readonly key: string; readonly operator: string; readonly values: readonly string[] }[] }): string {
  if (requirements.length === 0) return '(all)';
  return requirements
    .map(({ key, operator, values }) => {
      if (operator === 'Exists') return key;
      if (operator === 'DoesNotExist') return `!${key}`;
      return operator === 'In' && values.length === 1 ? `${key}=${values[0] ?? ''}` : `${key} ${operator === 'In' ? 'in' : 'not in'} (${values.join(', ')})`;
    })
    .join(', ');
}

/** `5432/TCP, 8000-8010/TCP, UDP, port http`. */
export function portsText(ports: RuleShape['ports']): string {
  return ports === 'any' ? 'any port' : ports.length === 0 ? 'no port' : ports.map(portText).join(', ');
}

function portText(port: PortMatchShape): string {
  switch (port.kind) {
    case 'range':
      return port.from === port.to ? `${String(port.from)}/${port.protocol}` : `${String(port.from)}-${String(port.to)}/${port.protocol}`;
    case 'named':
      return `port ${port.name}${port.protocol === 'any' ? '' : `/${port.protocol}`}`;
    case 'protocol':
      return port.protocol;
  }
}

export function nameOf(peer: GraphPeer): string {
  return typeof peer === 'string' ? peer : workloadKey(peer);
}

/** Reads `namespace/kind/name`; undefined for anything else. */
export function readWorkload(text: string): WorkloadRef | undefined {
  const [namespace, kind, name, ...rest] = text.split('/');
  if (rest.length > 0 || namespace === undefined || namespace === '' || kind === undefined || kind === '' || name === undefined || name === '') return undefined;
  return { namespace, kind, name };
}

/** Reads `90s`, `30m`, `12h`, `7d`, `2w` as milliseconds. */
export function readSpan(text: string): number | undefined {
  const match = /^(\d{1,6})([smhdw])$/.exec(text);
  if (match === null) return undefined;
  const unit = { s: 1_000, m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY }[match[2] ?? 's'] ?? 0;
  return Number(match[1]) * unit;
}

/** What the evidence of a rule comes to: the first thing to look at. */
export function kindsText({ evidence }: RuleShape): string {
  const kinds = new Set(evidence.map(({ kind }) => kind));
  if (kinds.has('declared') && kinds.has('observed')) return 'declared and observed';
  if (kinds.has('observed')) return 'observed but UNDECLARED';
  if (kinds.has('declared')) return 'declared, not exercised yet';
  if (kinds.has('permitted')) return 'permitted by a policy that is there already';
  return kinds.has('built-in') ? 'built in' : 'added by a person';
}
