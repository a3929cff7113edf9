import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from '@jest/globals';

import { createTracer } from '#compilers/nftables';
import { type NamespacedPolicy, selectorFromLabels } from '#model';
import { adoptPolicies } from '#policy';

import { emitRulesets } from './support/agreement.ts';
import { describeWithTool } from './support/needs.ts';
import { pod } from './support/policies.ts';
import { learnWorld, readWorld, scenarios, worldsOf } from './support/scenario.ts';
import { repositoryRoot } from './support/shared.ts';
import { runTool } from './support/system.ts';
import { namespace, node, origin, world } from './support/worlds.ts';

/** What nft says against a text; nothing where it would load it. */
function refusalOf(text: string): string {
  const { status, stderr } = runTool('nft', ['-c', '-f', '-'], text);
  return status === 0 ? '' : stderr;
}

const HOSTILE: readonly (readonly [string, string])[] = [
  ['a quote and a brace', 'x" accept }'],
  ['a line break and a command', 'x\n}\nadd rule inet ringfence forward accept\n#'],
  ['a carriage return', 'x\rflush ruleset'],
  ['a backslash', 'x\\'],
  ['a terminal escape', '\u001b[2J\u001b]0;x\u0007'],
  ['right to left', '\u202etpecca\u202c'],
  ['a zero byte', 'x\u0000y'],
  ['no character at all', ''],
  ['ten thousand characters', 'é'.repeat(10_000)],
  ['a name of Object', '__proto__'],
  ['half a pair of surrogates', '\ud800'],
  ['words of nft', 'goto stamp; counter drop; $x @y { a, b }'],
];

describeWithTool('nft', 'nft accepts', () => {
  it.each(scenarios().flatMap((scenario) => worldsOf(scenario).map(({ title, files }) => ({ name: scenario.name, title, scenario, files }))))('$name: $title', ({ scenario, files }) => {
    const { snapshot } = readWorld(files, 2);
    const texts = emitRulesets(learnWorld(snapshot, scenario).revision, snapshot);
    expect(texts.size).toBeGreaterThan(0);
    for (const text of texts.values()) expect(refusalOf(text)).toBe('');
  });

  it.each(globSync('libs/**/testdata/**/*.nft', { cwd: repositoryRoot }))('%s', (path) => {
    expect(refusalOf(readFileSync(join(repositoryRoot, path), 'utf8'))).toBe('');
  });

  it.each(HOSTILE)('names with %s, and they change nothing', (_what, name) => {
    const rulesetFor = (text: string): string => {
      const owner = { namespace: text, kind: text, name: text };
      const pods = [pod('x/a', ['10.0.0.1', '2001:db8::1'], { namespace: text, name: text, node: 'n', labels: { [text]: text }, ports: [{ name: text, port: 80, protocol: 'TCP' }], workload: owner })];
      const evidence = [{ kind: 'declared', source: text, where: text, text }] as const;
      const peers = [{ kind: 'workload', workload: owner }, { kind: 'pods', namespaces: { kind: 'name', name: text }, pods: selectorFromLabels({ [text]: text }) }, { kind: 'host', host: text === '' ? 'x' : text }] as const;
      const policy: NamespacedPolicy = {
        kind: 'namespaced',
        name: text,
        subject: { kind: 'workload', workload: owner },
        ingress: [{ id: text, peers, ports: [{ kind: 'named', protocol: 'TCP', name: text }], application: text, evidence, why: text, confidence: 1, widenings: [text] }],
        egress: [{ id: `${text}2`, peers, ports: [{ kind: 'named', protocol: 'any', name: text }], application: text, evidence, why: text, confidence: 1, widenings: [text] }],
        origin,
      };
      const snapshot = world({ namespaces: [namespace(text)], nodes: [node('n', ['192.0.2.1'])], pods });
      return emitRulesets(adoptPolicies([policy]), snapshot).get('n')!;
    };
    const text = rulesetFor(name);
    expect(refusalOf(text)).toBe('');
    expect(() => createTracer(text)).not.toThrow();
    // the same statements as for a plain name: nothing got out of where names stand
    expect(statements(text)).toEqual(statements(rulesetFor('plain')));
  });
});

/** The lines that mean something to the kernel, without names and comments. */
function statements(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.replace(/ ?comment ".*"$/, '').replace(/\b[a-z]_[a-z0-9_]+/g, 'NAME').replace(/0x[0-9a-f]{8}/g, 'MARK').trim())
    .filter((line) => line !== '')
    .sort();
}
