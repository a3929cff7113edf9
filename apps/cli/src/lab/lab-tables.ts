import { formatTable } from '../output/table.ts';
import type { LabStatus, TrafficReport, TrafficResult } from './lab-holder.ts';

export function statusText({ pid, isEnforced, policies, hosts, services }: LabStatus, columns: number): string {
  const rows = hosts.map(({ kind, name, node, namespace, addresses, ports }) => [kind, name, node ?? '', namespace, addresses.join(' '), ports.join(' ')]);
  const count = (kind: string): string => counted(hosts.filter((host) => host.kind === kind).length, kind);
  return [
    formatTable(['KIND', 'NAME', 'NODE', 'NAMESPACE', 'ADDRESSES', 'ANSWERS ON'], rows, columns),
    services.length === 0 ? '' : `\n${formatTable(['SERVICE', 'ADDRESS', 'PORT', 'PODS'], services.map(({ name, address, port, backends }) => [name, address, port, String(backends)]), columns)}`,
    `\n${count('node')}, ${count('pod')}, held by process ${String(pid)}; `,
    isEnforced ? `the nodes enforce ${policies === 1 ? '1 policy' : `${String(policies)} policies`}\n` : 'nothing is enforced\n',
    'Look inside with: ip netns exec NAMESPACE sh\n',
  ].join('');
}

export function trafficText({ results, leftOut, isEnforced }: TrafficReport, columns: number): string {
  const rows = results.map((result) => [result.from, result.to, result.port, serviceOf(result), result.expected, outcomeText(result)]);
  const allowed = results.filter(({ expected }) => expected === 'allowed');
  const forbidden = results.filter(({ expected }) => expected === 'forbidden');
  return [
    formatTable(['FROM', 'TO', 'PORT', 'BY SERVICE', 'POLICY SAYS', 'CAME OF IT'], rows, columns),
    leftOut.length === 0 ? '' : `\nNot tried, one end is not in the input: ${leftOut.join('; ')}\n`,
    `\n${String(allowed.filter(gotThrough).length)} of ${String(allowed.length)} allowed got through, ${String(forbidden.filter(died).length)} of ${String(forbidden.length)} forbidden died`,
    isEnforced ? '\n' : ' (nothing is enforced)\n',
  ].join('');
}

/** Whether everything went as the policies say. */
export function isAsExpected({ results, isEnforced }: TrafficReport): boolean {
  return results.every((result) => (result.expected === 'allowed' ? gotThrough(result) : !isEnforced || died(result)));
}

function gotThrough({ outcomes }: TrafficResult): boolean {
  return outcomes.every(({ outcome }) => outcome !== 'died');
}

function died({ outcomes }: TrafficResult): boolean {
  return outcomes.every(({ outcome }) => outcome === 'died');
}

function serviceOf({ outcomes }: TrafficResult): string {
  return [...new Set(outcomes.map(({ service }) => service ?? ''))].join(' ');
}

function outcomeText({ outcomes }: TrafficResult): string {
  const [first] = outcomes;
  if (first === undefined) return '';
  if (outcomes.every(({ outcome }) => outcome === first.outcome)) return first.outcome;
  return outcomes.map(({ family, outcome }) => `IPv${String(family)} ${outcome}`).join(', ');
}

function counted(number: number, what: string): string {
  return `${String(number)} ${what}${number === 1 ? '' : 's'}`;
}
