import { describe, expect, it } from '@jest/globals';

import { readManifests } from './read-manifests.ts';
import { READ_LIMITS } from './read-limits.ts';

function names(text: string, defaultNamespace?: string): readonly string[] {
  const { manifests } = readManifests(text, 'x.yaml', defaultNamespace === undefined ? {} : { defaultNamespace });
  return manifests.map(({ apiVersion, objectKind, namespace, name, origin }) => `${origin.line} ${apiVersion} ${objectKind} ${namespace}/${name}`);
}

function codes(text: string): readonly string[] {
  return readManifests(text, 'x.yaml').diagnostics.map(({ severity, code, origin }) => `${origin?.line ?? 0} ${severity} ${code}`);
}

const pod = 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n';

describe('reading manifests', () => {
  it.each<[string, string, readonly string[]]>([
    ['a document', pod, ['1 v1 Pod default/web']],
    ['its own namespace', `${pod}  namespace: shop\n`, ['1 v1 Pod shop/web']],
    ['no namespace for what has none', 'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: "system:node", namespace: x}', ['1 rbac.authorization.k8s.io/v1 ClusterRole /system:node']],
    ['helm output', `---\n# Source: a\n${pod}---\n# Source: b\n---\n${pod.replace('web', 'api')}`, ['3 v1 Pod default/web', '10 v1 Pod default/api']],
    ['a List', 'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a}\n-\n  apiVersion: v1\n  kind: Pod\n  metadata: {name: b}', ['4 v1 Pod default/a', '8 v1 Pod default/b']],
    ['a typed List', 'apiVersion: apps/v1\nkind: DeploymentList\nitems:\n- metadata: {name: a}', ['4 apps/v1 Deployment default/a']],
    ['a kind that only ends in List', 'apiVersion: example.com/v1\nkind: AllowList\nmetadata: {name: a}\nspec: {items: []}', ['1 example.com/v1 AllowList default/a']],
    ['JSON', `\n{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}}`, ['2 v1 Pod default/web']],
    ['a JSON List', '{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}}]}', ['1 v1 Pod default/web']],
    ['a name yet to be made', 'apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: migrate-}', ['1 batch/v1 Job default/migrate']],
  ])('finds %s', (_name, text, expected) => {
    expect(names(text)).toEqual(expected);
    expect(codes(text)).toEqual([]);
  });

  it('gives objects without a namespace the one asked for', () => {
    expect(names(pod, 'shop')).toEqual(['1 v1 Pod shop/web']);
  });

  it.each<[string, string, readonly string[]]>([
    ['a broken document', `${pod}---\na: "b\n---\n${pod}`, ['7 error broken-yaml']],
    ['something else', `${pod}---\nimage: x\n---\nreplicas: 1\n---\n${pod}`, ['6 info not-kubernetes']],
    ['text', `${pod}---\njust text\n---\n${pod}`, ['6 info not-an-object']],
    ['a Helm template', `${pod}---\nkind: Pod\nmetadata:\n  name: {{ .Values.name }}\n---\n${pod}`, ['8 error bad-key']],
    ['a name nobody may have', `${pod}---\n${pod.replace('web', 'We_b')}---\n${pod}`, ['6 error bad-name']],
    ['a name of 10,000 characters', `${pod}---\n${pod.replace('web', 'w'.repeat(10_000))}---\n${pod}`, ['6 error bad-name']],
    ['a name that is true', `${pod}---\n${pod.replace('web', 'y')}---\n${pod}`, ['6 error bad-name']],
    ['a namespace that is a number', `${pod}---\n${pod}  namespace: 12\n---\n${pod}`, ['6 error bad-name']],
    ['no name', `${pod}---\napiVersion: v1\nkind: Pod\n---\n${pod}`, ['6 error no-name']],
    ['a kind nobody may have', `${pod}---\napiVersion: v1\nkind: "Po\\nd"\nmetadata: {name: x}\n---\n${pod}`, ['6 error bad-type']],
    ['nothing', `${pod}---\nnull\n---\n---\n${pod}`, []],
  ])('reads the others beside %s', (_name, text, expected) => {
    const { manifests } = readManifests(text, 'x.yaml');
    expect(codes(text)).toEqual(expected);
    expect(manifests.map(({ name }) => name)).toEqual(['web', 'web']);
  });

  it('reads an object with a key twice, and tells', () => {
    expect(names(`${pod}spec: {a: 1}\nspec: {a: 2}\n`)).toEqual(['1 v1 Pod default/web']);
    expect(codes(`${pod}spec: {a: 1}\nspec: {a: 2}\n`)).toEqual(['6 error duplicate-key']);
  });

  it('says what to do about a Helm template', () => {
    const [diagnostic] = readManifests('{{- if .Values.x }}\nkind: Pod\n{{- end }}', 'x.yaml').diagnostics;
    expect(diagnostic?.hint).toMatch(/helm template/);
  });

  it.each<[string, string, string, string]>([
    ['Service', 'v1', 'a'.repeat(64), 'bad-name'],
    ['Service', 'v1', 'a.b', 'bad-name'],
    ['Namespace', 'v1', 'a.b', 'bad-name'],
    ['ConfigMap', 'v1', 'a.b', ''],
    ['ConfigMap', 'v1', 'a'.repeat(254), 'bad-name'],
    ['Role', 'rbac.authorization.k8s.io/v1', 'a:B_c', ''],
    ['Role', 'rbac.authorization.k8s.io/v1', 'a/b', 'bad-name'],
    ['ConfigMap', 'v1', '__proto__', 'bad-name'],
  ])('judges the name of a %s (%s): %s', (kind, apiVersion, name, code) => {
    const text = JSON.stringify({ apiVersion, kind, metadata: { name } });
    expect(readManifests(text, 'x.json').diagnostics.map((diagnostic) => diagnostic.code)).toEqual(code === '' ? [] : [code]);
  });

  it('shows no control characters of a bad name', () => {
    const text = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a\u001b[31m\nb' } });
    expect(readManifests(text, 'x.json').diagnostics[0]?.subject).toBe('Pod default/a\uFFFD[31m\uFFFDb');
  });

  it.each([
    ['a text beyond the limit', ' '.repeat(READ_LIMITS.text + 1), 'too-large'],
    ['NUL characters', 'a: \0', 'not-text'],
  ])('refuses %s', (_name, text, code) => {
    expect(readManifests(text, 'x.yaml').diagnostics).toMatchObject([{ code, severity: 'error' }]);
  });

  it('counts problems once there are too many to list', () => {
    const { diagnostics } = readManifests('---\n: b\n'.repeat(READ_LIMITS.problemsOfFile + 7), 'x.yaml');
    expect(diagnostics).toHaveLength(READ_LIMITS.problemsOfFile + 1);
    expect(diagnostics.at(-1)).toMatchObject({ code: 'more-problems', severity: 'error' });
    expect(diagnostics.at(-1)?.message).toMatch(/^has 7 more/);
  });
});
