import { describe, expect, it } from '@jest/globals';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { withFolder } from '../../../test/support/temporary-folder.ts';

import type { ReadPaths } from './joined-sayings.ts';
import { readPaths } from './read-paths.ts';

function pod(name: string, rest = ''): string {
  return `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}${rest}}\n`;
}

const compose = 'services:\n  web:\n    image: example/web\n';

function read(paths: readonly string[], options: { readonly defaultNamespace?: string; readonly stdin?: string } = {}): ReadPaths {
  const { stdin = '', ...rest } = options;
  return readPaths(paths, { readStdin: () => stdin, ...rest });
}

function keys({ updates }: ReadPaths): readonly string[] {
  return updates.map(({ key, value }) => (value?.kind === 'compose-project' ? `project ${value.name}: ${value.workloads.map(({ ref }) => ref.name).join()}` : key));
}

function codes({ diagnostics }: ReadPaths): readonly string[] {
  return diagnostics.map(({ severity, code }) => `${severity} ${code}`);
}

describe('reading paths', () => {
  it.each<[string, Readonly<Record<string, string>>, readonly string[]]>([
    ['a folder and all below, in order', { 'b.yaml': pod('b'), 'a/z.yml': pod('z'), 'a/b/c.json': '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"c"}}' }, ['/Pod/default/c', '/Pod/default/z', '/Pod/default/b']],
    ['nothing hidden, nothing installed, nothing else', { '.git/a.yaml': pod('a'), 'node_modules/a.yaml': pod('a'), '.b.yaml': pod('b'), 'c.txt': pod('c'), 'd.yaml': pod('d') }, ['/Pod/default/d']],
    ['companions of manifests without a word', { 'values.yaml': 'a: 1', 'values-prod.yaml': 'a: 1', 'package.json': '{}', 'kustomization.yaml': 'resources: [a.yaml]', 'a.yaml': pod('a') }, ['/Pod/default/a']],
    ['a Compose project by its file name', { 'app/compose.yaml': compose }, ['project app: web']],
    ['a Compose project by its content', { 'app/stack.yml': compose }, ['project app: web']],
    ['an override beside it', { 'app/compose.yaml': compose, 'app/compose.override.yaml': 'services:\n  db:\n    image: example/db\n' }, ['project app: db,web']],
    ['a project per folder', { 'a/compose.yaml': `name: one\n${compose}`, 'b/docker-compose.yml': compose }, ['project one: web', 'project b: web']],
    ['no project in a folder that another one includes', { 'compose.yaml': 'name: whole\ninclude: [db/compose.yaml]\nservices:\n  web: {image: x}\n', 'db/compose.yaml': 'services:\n  db: {image: y}\n' }, ['project whole: db,web']],
    ['no project in a folder that another one extends', { 'compose.yaml': 'name: whole\nservices:\n  web: {extends: {file: base/compose.yaml, service: web}}\n', 'base/compose.yaml': compose }, ['project whole: web']],
    ['a project of which another one extends a part', { 'compose.yaml': 'name: whole\nservices:\n  web: {extends: {file: base/compose.yaml, service: web}}\n', 'base/compose.yaml': `${compose}  db: {image: y}\n` }, ['project base: db,web', 'project whole: web']],
    ['manifests called like Compose files', { 'compose.yaml': pod('a') }, ['/Pod/default/a']],
    ['kinds a CustomResourceDefinition puts outside namespaces', { 'a.yaml': 'apiVersion: x.example/v1\nkind: Thing\nmetadata: {name: t}\n---\napiVersion: x.example/v1\nkind: Other\nmetadata: {name: o}\n', 'crd.yaml': 'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.x.example}\nspec: {group: x.example, scope: Cluster, names: {kind: Thing}}' }, ['x.example/Thing//t', 'x.example/Other/default/o', 'apiextensions.k8s.io/CustomResourceDefinition//things.x.example']],
  ])('finds %s', (_name, files, expected) => {
    withFolder(files, (folder) => {
      const result = read([folder]);
      expect(keys(result)).toEqual(expected);
      expect(codes(result)).toEqual([]);
    });
  });

  it('reads standard input, and a file of any name that is named', () => {
    withFolder({ 'pods.txt': pod('a') }, (folder) => {
      expect(keys(read([join(folder, 'pods.txt'), '-'], { stdin: pod('b') }))).toEqual(['/Pod/default/a', '/Pod/default/b']);
    });
  });

  it('wants a Compose file by its name, for what it names lies beside it', () => {
    expect(codes(read(['-'], { stdin: compose }))).toEqual(['error compose-on-stdin']);
  });

  it.each([
    ['objects without a namespace', { 'a.yaml': pod('a'), 'b.yaml': pod('b', ', namespace: own') }, ['/Pod/asked/a', '/Pod/own/b']],
    ['the only project', { 'x/compose.yaml': compose }, ['project asked: web']],
    ['neither of two projects', { 'x/compose.yaml': compose, 'y/compose.yaml': compose }, ['project x: web', 'project y: web']],
  ])('gives the namespace asked for to %s', (_name, files, expected) => {
    withFolder(files as unknown as Readonly<Record<string, string>>, (folder) => {
      expect(keys(read([folder], { defaultNamespace: 'asked' }))).toEqual(expected);
    });
  });

  it('takes the later of two definitions, and says so', () => {
    withFolder({ 'a.yaml': pod('x', ', labels: {v: a}'), 'b.yaml': pod('x', ', labels: {v: b}'), 'c.yaml': pod('z'), 'd.yaml': pod('z') }, (folder) => {
      const result = read([folder]);
      expect(result.updates.map(({ value }) => (value?.kind === 'manifest' ? value.body['metadata'] : undefined))).toEqual([{ name: 'x', labels: { v: 'b' } }, { name: 'z' }]);
      expect(codes(result)).toEqual(['warning defined-twice', 'info defined-twice']);
    });
  });

  it('follows links, and stops where they lead back', () => {
    withFolder({ 'a/b/x.yaml': pod('x') }, (folder) => {
      symlinkSync(join(folder, 'a'), join(folder, 'a', 'b', 'up'));
      symlinkSync(join(folder, 'nowhere'), join(folder, 'broken.yaml'));
      symlinkSync('self.yaml', join(folder, 'self.yaml'));
      symlinkSync(join(folder, 'a', 'b', 'x.yaml'), join(folder, 'again.yaml'));
      const result = read([folder, join(folder, 'a'), join(folder, 'a', 'b', 'x.yaml')]);
      expect(keys(result)).toEqual(['/Pod/default/x']);
      expect(codes(result)).toEqual([]);
    });
  });

  it.each<[string, Readonly<Record<string, string | Uint8Array>>, readonly string[]]>([
    ['a broken file', { 'bad.yaml': 'a: "b' }, ['error broken-yaml']],
    ['a file that is no text', { 'bad.yaml': Uint8Array.of(0xff, 0xfe, 0x00) }, ['error unreadable']],
    ['a file beyond the limit', { 'bad.yaml': Buffer.alloc(64 * 1024 * 1024 + 1, 0x20) }, ['error unreadable']],
    ['the source of a chart', { 'chart/Chart.yaml': 'name: x', 'chart/templates/a.yaml': '{{ .Values.x }}' }, ['error helm-chart']],
    ['other YAML', { 'other.yaml': 'a: 1' }, ['info not-kubernetes']],
  ])('reads the rest beside %s', (_name, files, expected) => {
    withFolder({ ...files, 'z.yaml': pod('z') }, (folder) => {
      const result = read([folder]);
      expect(keys(result)).toEqual(['/Pod/default/z']);
      expect(codes(result)).toEqual(expected);
    });
  });

  it('says that a path does not exist, and reads the others', () => {
    withFolder({ 'a.yaml': pod('a') }, (folder) => {
      const result = read([join(folder, 'missing'), folder]);
      expect(result.diagnostics).toMatchObject([{ code: 'no-such-path', severity: 'error', subject: join(folder, 'missing') }]);
      expect(keys(result)).toEqual(['/Pod/default/a']);
    });
  });

  it('does not read a device without end', () => {
    expect(codes(read(['/dev/zero']))).toEqual(['error unreadable']);
  });

  it('tells how far it is', () => {
    withFolder({ 'a.yaml': pod('a'), 'b.yaml': pod('b') }, (folder) => {
      const said: string[] = [];
      readPaths([folder], { readStdin: () => '', onProgress: (text) => said.push(text) });
      expect(said).toEqual([`reading ${join(folder, 'a.yaml')} (1 of 2)`, `reading ${join(folder, 'b.yaml')} (2 of 2)`]);
    });
  });

  it('stops at a depth', () => {
    withFolder({}, (folder) => {
      const deep = join(folder, ...Array<string>(70).fill('d'));
      mkdirSync(deep, { recursive: true });
      writeFileSync(join(deep, 'a.yaml'), pod('a'));
      expect(codes(read([folder]))).toEqual(['error too-deep']);
    });
  });
});
