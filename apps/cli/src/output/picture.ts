import { compareText, type GraphPeer, graphPeerKey } from '#model';

import { cleanText } from './clean-text.ts';
import { portOrProtocol } from './peer-name.ts';

/** A graph reduced to what a picture needs: numbered nodes grouped by namespace, one arrow a pair. */
interface Picture {
  readonly groups: readonly { readonly name: string; readonly nodes: readonly PictureNode[] }[];
  readonly arrows: readonly Arrow[];
}

interface PictureNode {
  readonly id: string;
  readonly label: string;
}

interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly label: string;
  readonly isWeak: boolean;
}

/** What a picture needs of an edge. */
interface Edge {
  readonly from: GraphPeer;
  readonly to: GraphPeer;
  readonly port: number | null;
  readonly protocol: string;
  readonly host?: string | undefined;
  readonly tier: 'strong' | 'weak';
}

/** Graphviz source (`dot -Tsvg`): namespaces as clusters, weak edges dashed. Names are quoted, so no name can add to the graph. */
export function dotPicture(relationships: readonly Edge[]): string {
  const picture = pictureOf(relationships);
  const lines = ['digraph ringfence {', '  rankdir=LR;', '  node [shape=box, style=rounded, fontname="sans-serif"];', '  edge [fontname="sans-serif", fontsize=10];'];
  picture.groups.forEach((group, index) => {
    const indent = group.name === '' ? '  ' : '    ';
    if (group.name !== '') lines.push(`  subgraph cluster_${String(index)} {`, `    label=${dotQuoted(group.name)};`);
    for (const node of group.nodes) lines.push(`${indent}${node.id} [label=${dotQuoted(node.label)}];`);
    if (group.name !== '') lines.push('  }');
  });
  for (const arrow of picture.arrows) {
    lines.push(`  ${arrow.from} -> ${arrow.to} [label=${dotQuoted(arrow.label)}${arrow.isWeak ? ', style=dashed' : ''}];`);
  }
  return `${[...lines, '}'].join('\n')}\n`;
}

/** A Mermaid flowchart, as Markdown viewers draw it: namespaces as subgraphs, weak edges dotted. */
export function mermaidPicture(relationships: readonly Edge[]): string {
  const picture = pictureOf(relationships);
  const lines = ['flowchart LR'];
  picture.groups.forEach((group, index) => {
    const indent = group.name === '' ? '  ' : '    ';
    if (group.name !== '') lines.push(`  subgraph g${String(index)} [${mermaidQuoted(group.name)}]`);
    for (const node of group.nodes) lines.push(`${indent}${node.id}[${mermaidQuoted(node.label)}]`);
    if (group.name !== '') lines.push('  end');
  });
  for (const arrow of picture.arrows) lines.push(`  ${arrow.from} ${arrow.isWeak ? '-.->' : '-->'}|${mermaidQuoted(arrow.label)}| ${arrow.to}`);
  return `${lines.join('\n')}\n`;
}

function dotQuoted(text: string): string {
  return `"${cleanText(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

// Mermaid knows HTML entities written with #; everything that is not plainly a name becomes one.
function mermaidQuoted(text: string): string {
  const escaped = cleanText(text).replace(/[^\w ./,:()*-]/gu, (character) => `#${String(character.codePointAt(0))};`);
  return `"${escaped}"`;
}

function pictureOf(relationships: readonly Edge[]): Picture {
  const ids = new Map<string, string>();
  const groups = new Map<string, PictureNode[]>();
  const idOf = (peer: GraphPeer): string => {
    const key = graphPeerKey(peer);
    const known = ids.get(key);
    if (known !== undefined) return known;
    const id = `n${String(ids.size)}`;
    ids.set(key, id);
    const group = typeof peer === 'string' ? '' : peer.namespace;
    const nodes = groups.get(group) ?? [];
    nodes.push({ id, label: typeof peer === 'string' ? peer : `${peer.name} (${peer.kind})` });
    groups.set(group, nodes);
    return id;
  };
  const arrows = new Map<string, { from: string; to: string; labels: Set<string>; isWeak: boolean }>();
  for (const edge of relationships) {
    const from = idOf(edge.from);
    const to = idOf(edge.to);
    const arrow = arrows.get(`${from} ${to}`) ?? { from, to, labels: new Set<string>(), isWeak: true };
    arrow.labels.add(edgeLabel(edge));
    arrow.isWeak &&= edge.tier === 'weak';
    arrows.set(`${from} ${to}`, arrow);
  }
  return {
    groups: [...groups].sort(([a], [b]) => compareText(a, b)).map(([name, nodes]) => ({ name, nodes })),
    arrows: [...arrows.values()].map(({ from, to, labels, isWeak }) => ({ from, to, isWeak, label: arrowLabel([...labels]) })),
  };
}

const LABELS_SHOWN = 4;

function arrowLabel(labels: readonly string[]): string {
  const shown = labels.slice(0, LABELS_SHOWN).join(', ');
  return labels.length > LABELS_SHOWN ? `${shown}, +${String(labels.length - LABELS_SHOWN)}` : shown;
}

function edgeLabel(edge: Edge): string {
  const port = portOrProtocol(edge.port, edge.protocol);
  return edge.host === undefined ? port : `${edge.host} ${port}`;
}
