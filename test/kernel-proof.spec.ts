import { describe, expect, it } from '@jest/globals';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { layOutRuleset } from '#compilers/nftables';

import { repositoryRoot } from './support/shared.ts';
import { makeBundle } from './support/node-bundles.ts';

const text = readFileSync(join(repositoryRoot, 'test/kernel/README.md'), 'utf8');
const rows = text.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| |') && !line.startsWith('| Promise'));

/** Each reference of a row: `file`: how the test's name begins. */
function references(row: string): readonly (readonly [file: string, name: string])[] {
  const cell = row.split('|').at(-2) ?? '';
  return cell.split(' · ').flatMap((part) => {
    const match = /^\s*`([^`]+\.(?:spec\.ts|ts))`: (.+?)\s*$/.exec(part);
    return match === null ? [] : [[match[1] ?? '', match[2] ?? ''] as const];
  });
}

describe('what has to be proved on a real kernel', () => {
  it('is a list of seventeen traps, and more', () => {
    expect(rows.filter((row) => /^\| \d+ \|/.test(row)).map((row) => Number(/\d+/.exec(row)?.[0]))).toEqual(Array.from({ length: 17 }, (_, at) => at + 1));
    expect(rows.length).toBeGreaterThan(17 + 15);
  });

  it.each(rows.map((row) => [row.split('|').slice(1, 3).join(' ').trim().slice(0, 60), row]))('has a test: %s', (_what, row) => {
    const found = references(row);
    expect(found).not.toEqual([]);
    for (const [file, name] of found) {
      const path = join(repositoryRoot, file.includes('/') ? file : join('test/kernel', file));
      expect({ file, exists: existsSync(path) }).toEqual({ file, exists: true });
      expect({ file, name, isThere: readFileSync(path, 'utf8').replaceAll("\\'", "'").includes(name) }).toEqual({ file, name, isThere: true });
    }
  });
});

describe('the rules of every node', () => {
  const { sets, chains } = layOutRuleset(makeBundle({ pods: 4, peers: 20, profiles: 2 }), 1, { isIdentifying: true });
  const rules = chains.flatMap((chain) => chain.rules.map((rule) => rule.text));
  const hooks = chains.filter(({ hook }) => hook !== undefined);

  it('hooks in with chains that accept by default', () => {
    expect(hooks.map(({ name }) => name).sort()).toEqual(expect.arrayContaining(['forward', 'input', 'output']));
    for (const { hook } of hooks) expect(hook).toMatch(/policy accept;$/);
  });

  it('asks first whether a connection is known', () => {
    for (const { name, rules: own } of hooks.filter(({ hook }) => /hook (?:forward|input|output) /.test(hook ?? ''))) {
      const known = own.findIndex((rule) => rule.text.includes('vmap @live'));
      const dispatching = own.findIndex((rule) => /goto (?:between|from_|to_)/.test(rule.text));
      expect({ name, isFirst: known >= 0 && (dispatching < 0 || known < dispatching) }).toEqual({ name, isFirst: true });
    }
  });

  it('limits every log, and hands records over in batches', () => {
    const logs = rules.filter((rule) => /\blog prefix/.test(rule));
    expect(logs.length).toBeGreaterThan(3);
    for (const log of logs) expect(log).toMatch(/limit rate \d+\/second burst \d+ packets .*snaplen \d+ queue-threshold (?:[2-9]|\d{2,})/);
  });

  it('keeps pods in sets of single addresses', () => {
    const ranges = sets.filter(({ isInterval }) => isInterval).map(({ name }) => name);
    expect(ranges.filter((name) => !name.startsWith('local') && !name.startsWith('p_'))).toEqual([]);
    expect(sets.some(({ name, isInterval }) => name.startsWith('g_') && !isInterval)).toBe(true);
  });

  it('loads no library of nftables into the process', () => {
    const sources = globSync('{apps,libs}/**/*.ts', { cwd: repositoryRoot, exclude: ['**/node_modules/**'] });
    expect(sources.length).toBeGreaterThan(300);
    for (const file of sources) expect({ file, loads: /libnftables|libnftnl|libmnl/.test(readFileSync(join(repositoryRoot, file), 'utf8')) }).toEqual({ file, loads: false });
  });
});
