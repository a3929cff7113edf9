import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { findImpurities, findUnwantedSyntax, parse } from './support/syntax.ts';
import { repositoryRoot } from './support/shared.ts';

const pureFolders = [
  'libs/model/',
  'libs/inventory/',
  'libs/graph/',
  'libs/learning/',
  'libs/policy/',
  'libs/review/',
  'libs/compilers/',
  'libs/distribution/',
  'libs/operator-api/',
  'apps/controller/src/pipeline/',
];
const maxLines = 300;
const kebabCase = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.spec|\.d)?\.tsx?$/;
const emptyNames = new Set(['utils', 'util', 'helpers', 'helper', 'common', 'misc', 'shared', 'types', 'constants']);

const sources = ['apps', 'libs'].flatMap(filesUnder).filter((path) => /\.tsx?$/.test(path));
const libraries = foldersIn('libs');

describe('every source file', () => {
  it('there are some', () => {
    expect(sources.length).toBeGreaterThan(0);
  });

  it(`has at most ${maxLines} lines`, () => {
    const long = sources.map((path) => ({ path, lines: read(path).trimEnd().split('\n').length }));
    expect(long.filter(({ lines }) => lines > maxLines)).toEqual([]);
  });

  it('has a kebab-case name that says what is inside', () => {
    expect(sources.filter((path) => !kebabCase.test(baseName(path)) || emptyNames.has(stem(path)))).toEqual([]);
  });

  it('lists its exports by name, and has no enum and no namespace', () => {
    const unwanted = sources.flatMap((path) => findUnwantedSyntax(parse(read(path))).map((what) => `${path}: ${what}`));
    expect(unwanted).toEqual([]);
  });
});

describe('pure code', () => {
  const pure = sources.filter(
    (path) => pureFolders.some((folder) => path.startsWith(folder)) && !path.endsWith('.spec.ts'),
  );

  it('takes time and chance as arguments and is synchronous', () => {
    expect(pure.flatMap((path) => findImpurities(parse(read(path))).map((what) => `${path}: ${what}`))).toEqual([]);
  });

  it.each([
    ['Date.now()', 'const at = Date.now();'],
    ['new Date', 'const at = new Date(0);'],
    ['Math.random', 'const pick = Math.random;'],
    ['async', 'async function wait() {}'],
    ['async', 'const wait = async () => 1;'],
    ['async', 'class A { async wait() {} }'],
    ['await', 'for await (const x of y) z(x);'],
    ['await', 'await nothing;'],
    ['Promise', 'declare function later(): Promise<number>;'],
    ['Promise', 'const later = Promise.resolve(1);'],
  ])('would be caught using %s: %s', (_what, code) => {
    expect(findImpurities(parse(code))).not.toEqual([]);
  });

  it.each([
    ['const now = view.now();'],
    ['type Options = { readonly async: boolean };'],
    ['const at = Date.parse(text);'],
  ])('may say %s', (code) => {
    expect(findImpurities(parse(code))).toEqual([]);
  });
});

describe('every library', () => {
  it('has a README.md', () => {
    expect(libraries.filter((lib) => !existsSync(join(repositoryRoot, 'libs', lib, 'README.md')))).toEqual([]);
  });

  it('has an index.ts; sources has one for each outside system', () => {
    const entries = libraries.flatMap((lib) =>
      lib === 'sources' ? foldersIn('libs/sources').map((system) => `sources/${system}`) : [lib],
    );
    expect(entries.filter((entry) => !existsSync(join(repositoryRoot, 'libs', entry, 'index.ts')))).toEqual([]);
  });

  it('can be imported by its name', () => {
    const { imports } = JSON.parse(read('package.json')) as {
      imports: Record<string, { source: string; default: string }>;
    };
    const wrong = Object.entries(imports).filter(
      ([name, target]) =>
        target.source !== `./libs/${name.slice(1)}/index.ts` ||
        target.default !== `./dist/libs/${name.slice(1)}/index.js`,
    );
    expect(wrong).toEqual([]);
    expect(libraries.filter((lib) => lib !== 'sources' && imports[`#${lib}`] === undefined)).toEqual([]);
  });
});

describe('the lockfile', () => {
  it('names no package registry, so it installs from whichever one is configured', () => {
    const resolved = read('package-lock.json').matchAll(/"resolved":\s*"[a-z+]+:\/\/([^/"]+)/g);
    const hosts = [...resolved].map(([, host]) => host);
    expect(hosts.filter((host) => host !== 'registry.npmjs.org')).toEqual([]);
  });

  it('has a hash for every package', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { integrity?: string; link?: boolean; inBundle?: boolean }>;
    };
    const bare = Object.entries(packages).filter(
      ([path, entry]) => path !== '' && entry.integrity === undefined && entry.inBundle !== true,
    );
    expect(bare.map(([path]) => path)).toEqual([]);
  });
});

function read(path: string): string {
  return readFileSync(join(repositoryRoot, path), 'utf8');
}

function filesUnder(folder: string): readonly string[] {
  const path = join(repositoryRoot, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.name !== 'testdata' && entry.name !== 'node_modules')
    .flatMap((entry) => (entry.isDirectory() ? filesUnder(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`]))
    .sort();
}

function foldersIn(folder: string): readonly string[] {
  return readdirSync(join(repositoryRoot, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'testdata')
    .map((entry) => entry.name)
    .sort();
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function stem(path: string): string {
  return baseName(path).replace(/\..*$/, '');
}
