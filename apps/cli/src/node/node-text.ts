import type { NodeAnswer, NodeReply, NodeStatus, ProfileView, RulesView } from '#dataplane';

import { cleanText } from '../output/clean-text.ts';
import { formatTable } from '../output/table.ts';

const STATES: Readonly<Record<NodeStatus['state'], string>> = {
  nothing: 'nothing is enforced',
  enforcing: 'enforcing',
  adopted: 'enforcing what an earlier enforcer left; its bundle is not on this node',
  trial: 'enforcing on trial',
  panic: 'NOTHING IS ENFORCED: everything was opened by hand',
};

/** How a node stands, in a few lines. */
export function statusText(status: NodeStatus, via: 'enforcer' | 'kernel'): string {
  const { state, since, until, openedBy, node, revision, hash, generation, driver, pods, elements, differences } = status;
  const lines = [
    `${node === undefined ? 'this node' : `node ${node}`}: ${STATES[state]}${since === undefined ? '' : ` since ${timeText(since)}`}`,
    ...(until === undefined ? [] : [`goes away at ${timeText(until)} unless confirmed: ringfence node confirm`]),
    ...(openedBy === undefined ? [] : [`opened by ${openedBy}; enforce again: ringfence node resume`]),
    ...(revision === undefined ? [] : [`revision ${String(revision)}, bundle ${hash ?? ''}, generation ${String(generation ?? 0)}`]),
    ...(pods === undefined ? [] : [`${String(pods)} pods, ${String(elements ?? 0)} elements`]),
    `driver ${driver}, ${via === 'enforcer' ? 'told by the running enforcer' : 'read from the kernel: no enforcer runs'}`,
    ...(differences.length === 0 ? [] : ['the kernel holds something else:', ...differences.map((line) => `  ${line}`)]),
  ];
  return lines.map((line) => `${cleanText(line)}\n`).join('');
}

/** Pods, profiles and rules with how often they were hit. */
export function rulesText({ pods, profiles, refused }: RulesView, columns: number): string {
  const podRows = pods.map(({ pod, addresses, ingress, egress }) => [pod, addresses.join(' '), ingress, egress]);
  const refusedRows = refused.filter(({ packets }) => packets > 0).map(({ chain, why, packets }) => [String(packets), chain, why]);
  return [
    ...(podRows.length === 0 ? [] : ['', formatTable(['POD', 'ADDRESSES', 'INGRESS', 'EGRESS'], podRows, columns)]),
    ...profiles.map((profile) => profileText(profile, columns)),
    ...(refusedRows.length === 0 ? [] : ['', formatTable(['DROPPED', 'CHAIN', 'WHY'], refusedRows, columns)]),
  ].join('\n');
}

function profileText({ name, direction, isolatedBy, pods, rules, refusedPackets }: ProfileView, columns: number): string {
  const head = `${direction} ${name}: ${String(pods.length)} pods; ${isolatedBy.length === 0 ? 'what no rule names is let through' : `closed by ${isolatedBy.join(', ')}`}`;
  const dropped = refusedPackets === undefined || isolatedBy.length === 0 ? '' : `, ${String(refusedPackets)} packets dropped`;
  const rows = rules.map(({ number, policy, rule, action, matches, application, connections, refusedPackets: denied }) => [
    `r${String(number)}`,
    connections === undefined ? (denied === undefined ? '' : String(denied)) : String(connections),
    action,
    `${policy} ${rule}`,
    `${matches.join('; ')}${application === undefined ? '' : ` speaking ${application}`}`,
  ]);
  return `\n${cleanText(head + dropped)}\n${formatTable(['RULE', 'HITS', 'DOES', 'OF', 'WHAT'], rows, columns)}`;
}

/** Which rule lets a connection pass, or what drops it. */
export function whyText({ revision, generation, differences, answers }: Extract<NodeReply, { kind: 'why' }>): string {
  const lines = answers.flatMap((answer) => [...answerLines(answer), '']);
  const doubt = differences.length === 0 ? [] : ['but the kernel holds something else:', ...differences.map((line) => `  ${line}`)];
  return [...lines, `by revision ${String(revision)}, generation ${String(generation)}`, ...doubt].map((line) => `${cleanText(line)}\n`).join('');
}

function answerLines({ from, to, port, protocol, hook, verdict, rules, decidedBy, path }: NodeAnswer): readonly string[] {
  const end = ({ address, pod }: NodeAnswer['from']): string => (pod === undefined ? address : `${pod} (${address})`);
  return [
    `${verdict === 'accept' ? 'PASSES' : 'DROPPED'} ${end(from)} -> ${end(to)} ${protocol === 'ICMP' ? 'ICMP' : `${String(port)}/${protocol}`}, at ${hook}`,
    ...rules.map(({ number, policy, rule }) => `  rule r${String(number)}: ${policy} ${rule}`),
    ...(rules.length > 0 && verdict === 'accept' ? [] : [`  decided by: ${decidedBy}`]),
    ...path.map(({ chain, text }) => `    ${chain}: ${text}`),
  ];
}

function timeText(at: number): string {
  return new Date(at).toISOString();
}
