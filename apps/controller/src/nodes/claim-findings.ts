import { compareText, type Diagnostic } from '#model';

import { ADDRESS, POD } from './orchestrator-claims.ts';

/** Why something a node says was left out. */
export type Denied =
  | { readonly kind: 'taken'; readonly claim: string }
  | { readonly kind: 'held'; readonly claim: string; readonly node: string }
  | { readonly kind: 'contested'; readonly claim: string; readonly nodes: readonly string[] }
  | { readonly kind: 'no-address-of-host'; readonly claim: string }
  | { readonly kind: 'foreign'; readonly address: string }
  | { readonly kind: 'too-many'; readonly addresses: number; readonly most: number }
  | { readonly kind: 'project'; readonly project: string; readonly nodes: readonly string[] };

/** A node that lies may do so five thousand times: so many are told, and how many more there are. */
const MOST_TOLD_A_NODE = 10;

/** What is told of what was left out of one thing a node said. */
export function findingsOf(node: string, key: string, denied: readonly Denied[]): readonly Diagnostic[] {
  const of = <Kind extends Denied['kind']>(kind: Kind): readonly (Denied & { readonly kind: Kind })[] => denied.filter((each): each is Denied & { readonly kind: Kind } => each.kind === kind);
  const findings: Diagnostic[] = [];
  for (const { addresses, most } of of('too-many')) findings.push(finding('too-many-addresses', node, `says that ${key} has ${String(addresses)} addresses, and no more than ${String(most)} are taken in`, 'look at what runs there, and at who holds its certificate'));
  const foreign = of('foreign').map(({ address }) => address);
  if (foreign.length > 0) findings.push(finding('public-address-of-no-own-block', node, `says that the container ${key} has ${someOf(foreign)}, which is public and in no network of its host`, 'a container has public addresses only in the networks of its own engine; what is left out is closed where rules are enforced'));
  const own = 'give the networks of each engine blocks of their own; what is left out is closed where rules are enforced';
  const others = [...of('taken'), ...of('no-address-of-host')].map(({ claim }) => nameOf(claim));
  if (others.length > 0) findings.push(finding('claimed-by-another', node, `says that ${key} has ${someOf(others)}, which is somebody else's`, own));
  const held = of('held');
  if (held.length > 0) findings.push(finding('claimed-by-another', node, `says that ${key} has ${someOf(held.map(({ claim }) => nameOf(claim)))}, which is of node ${someOf([...new Set(held.map((each) => each.node))])}`, own));
  const contested = of('contested');
  if (contested.length > 0) {
    const others = [...new Set(contested.flatMap(({ nodes }) => nodes))].filter((name) => name !== node);
    findings.push(finding('address-contested', node, `says that ${key} has ${someOf(contested.map(({ claim }) => nameOf(claim)))}, and so does node ${someOf(others)}: neither has it`, `look at which of them has it, and at who holds the certificate of the other: ringfence node cert NAME --revoke ends what it says; ${own}`));
  }
  for (const { project, nodes } of of('project')) {
    findings.push(finding('project-waits', node, `has containers of project ${project}, which ${nodes.length === 0 ? 'is on no node yet' : `is on ${someOf(nodes)}`}: they are left out until a person says that it may`, `ringfence admit ${project} ${node}, or the same with --refuse`));
  }
  return findings;
}

/** What is told of all nodes: of each so much and no more. */
export function toldOf(found: ReadonlyMap<string, { readonly node: string; readonly findings: readonly Diagnostic[] }>): readonly Diagnostic[] {
  const byNode = new Map<string, Diagnostic[]>();
  for (const [, { node, findings }] of [...found].sort(([a], [b]) => compareText(a, b))) byNode.set(node, [...(byNode.get(node) ?? []), ...findings]);
  return [...byNode].sort(([a], [b]) => compareText(a, b)).flatMap(([node, findings]) => {
    const more = findings.length - MOST_TOLD_A_NODE;
    const told = findings.slice(0, MOST_TOLD_A_NODE);
    return more <= 0 ? told : [...told, finding('more-of-the-same', node, `says ${String(more)} more things that are left out`, 'look at who holds its certificate')];
  });
}

export function finding(code: string, node: string, message: string, hint: string): Diagnostic {
  return { code, severity: 'warning', subject: `node ${node}`, message, hint };
}

function nameOf(claim: string): string {
  if (claim.startsWith(ADDRESS)) return claim.slice(ADDRESS.length);
  return claim.startsWith(POD) ? `the name ${claim.slice(POD.length)}` : claim;
}

function someOf(names: readonly string[]): string {
  return names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${String(names.length - 3)} more`;
}
