import { describe, expect, it } from '@jest/globals';

import { deployment, edgesOf, inferText, service } from '../../test/support/infer-text.ts';
import { container, workload, world } from '../../test/support/worlds.ts';
import { inferGraph } from './infer.ts';

const documents = [
  deployment('web', { ports: ['http:8080'], env: { API_URL: 'http://api:80' } }),
  service('web', '{port: 80, targetPort: http}', 'type: LoadBalancer'),
  deployment('api', { ports: ['http:8080'], env: { DATABASE_URL: 'postgresql://db:5432/app' } }),
  service('api', '{port: 80, targetPort: http}'),
  deployment('db', { kind: 'StatefulSet', ports: ['5432'] }),
  service('db', '{port: 5432}'),
];

describe('inferring a graph', () => {
  it('puts what is declared and what is defined together', () => {
    expect(edgesOf(inferText(documents.join('')))).toEqual([
      'internet -> shop/Deployment/web 8080/TCP',
      'shop/Deployment/api -> shop/StatefulSet/db 5432/TCP',
      'shop/Deployment/web -> shop/Deployment/api 8080/TCP',
    ]);
  });

  it('gives the same graph, whatever order the objects came in', () => {
    const [written, reversed] = [inferText(documents.join('')), inferText(documents.toReversed().join(''))];
    expect(edgesOf(reversed)).toEqual(edgesOf(written));
    expect([...reversed.knowledge]).toEqual([...written.knowledge]);
  });

  it('makes nothing of an empty input', () => {
    expect(inferGraph(world())).toEqual({ relationships: [], unresolved: [], knowledge: new Map(), diagnostics: [] });
  });

  it.each([
    ['line breaks', 'http://\napi\n:80'],
    ['control characters', '\u001b[31mhttp://api:80\u0000'],
    ['ten thousand characters', `http://${'a'.repeat(10_000)}:80`],
    ['names of Object itself', 'http://__proto__:80/constructor'],
    ['unfinished references', '$($($(API_URL)))${{{'],
  ])('opens nothing to the inside for a value with %s', (_, value) => {
    const env = [{ name: 'API_URL', value, origin: { file: 'x', line: 1 } }];
    const graph = inferGraph(world({ workloads: [workload('shop/Deployment/web', { containers: [container({ env })] }), workload('shop/Deployment/other', { ports: ['80'] })] }));
    expect(edgesOf(graph).filter((edge) => edge.includes('other'))).toEqual([]);
  });

  it('never shows what a secret holds', () => {
    const secret = '---\napiVersion: v1\nkind: Secret\nmetadata: {name: keys, namespace: shop}\nstringData: {url: "postgresql://app:hunter2@db:5432/app"}\n';
    const client = deployment('job', { container: 'envFrom: [{secretRef: {name: keys}}]' });
    const graph = inferText([...documents, secret, client].join(''));
    expect(edgesOf(graph)).toContain('shop/Deployment/job -> shop/StatefulSet/db 5432/TCP');
    expect(JSON.stringify([graph.relationships, graph.unresolved, graph.diagnostics, [...graph.knowledge]])).not.toContain('hunter2');
  });
});
