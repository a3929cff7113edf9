import { describe, expect, it } from '@jest/globals';

import type { Relationship } from '#model';

import { dotPicture, mermaidPicture } from './picture.ts';

const web = { namespace: 'shop', kind: 'Deployment', name: 'web' };

function edge(change: Partial<Relationship>): Relationship {
  const api = { namespace: 'shop', kind: 'Deployment', name: 'api' };
  return { from: web, to: api, port: 8080, protocol: 'TCP', tier: 'strong', confidence: 1, evidence: [], ...change };
}

describe('pictures of a graph', () => {
  it('draw one arrow a pair, with every port on it', () => {
    const text = dotPicture([edge({}), edge({ port: 9090 })]);
    expect(text.match(/->/g)).toHaveLength(1);
    expect(text).toContain('[label="8080/TCP, 9090/TCP"]');
  });

  it('draw a pair dashed only where all its edges are weak', () => {
    expect(dotPicture([edge({ tier: 'weak' })])).toContain('style=dashed');
    expect(dotPicture([edge({ tier: 'weak' }), edge({ port: 9090 })])).not.toContain('style=dashed');
    expect(mermaidPicture([edge({ tier: 'weak' })])).toContain('-.->');
  });

  it('group workloads by namespace and leave entities outside', () => {
    const text = mermaidPicture([edge({ to: 'internet', host: 'api.example.com', port: 443 })]);
    expect(text).toBe('flowchart LR\n  n1["internet"]\n  subgraph g1 ["shop"]\n    n0["web (Deployment)"]\n  end\n  n0 -->|"api.example.com 443/TCP"| n1\n');
  });

  it.each(['"]; evil -> node [label="', 'a\n}\ndigraph x {', '</text><script>', 'end\nclick n0 "javascript:x"'])('let no name add to the graph: %j', (name) => {
    const hostile = [edge({ from: { ...web, name } })];
    const plain = [edge({})];
    expect(dotPicture(hostile).split('\n')).toHaveLength(dotPicture(plain).split('\n').length);
    expect(dotPicture(hostile).replaceAll('\\"', '').match(/"/g)).toHaveLength(dotPicture(plain).match(/"/g)?.length ?? 0);
    expect(mermaidPicture(hostile).split('\n')).toHaveLength(mermaidPicture(plain).split('\n').length);
    expect(mermaidPicture(hostile).match(/["<>]/g)).toHaveLength(mermaidPicture(plain).match(/["<>]/g)?.length ?? 0);
  });
});
