import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';

import type { Address } from '#model';
import { adoptPolicies } from '#policy';

import { namespaced, PEERS, PORTS, rule, smallWorld, SUBJECTS } from '../../../test/support/policy-worlds.ts';
import { address } from '../../../test/support/worlds.ts';
import { compileNodes } from './compile.ts';
import { layOutRuleset } from './ruleset.ts';
import { markLayout, readMark } from './connection-mark.ts';
import type { DispatchEntry, EnforcementMode, NodeBundle } from './node-bundle.ts';
import { type NodeSettings, withNodeSettings } from './node-settings.ts';
import { renderRuleset } from './render-ruleset.ts';
import type { RulesetOptions } from './ruleset-options.ts';
import { packet, type TracePacket } from './trace-packet.ts';
import { createTracer, type TraceResult } from './tracer.ts';

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

// x/a and x/b take TCP 80 from x/a and y/c only and send TCP 80 to those only
const closed = [namespaced('NetworkPolicy x/p', SUBJECTS[0]!, { ingress: [rule('in', PEERS[3]!, PORTS[2]!)], egress: [rule('out', PEERS[3]!, PORTS[2]!)] })];
const bundle = compileNodes(adoptPolicies(closed), smallWorld('together'), { digest }).bundles[0]!;
const open = compileNodes(adoptPolicies([]), smallWorld('together'), { digest }).bundles[0]!;
const outside = address('203.0.113.9');
const a = address('10.1.0.1');
const b = address('10.1.0.2');
const c = address('10.1.0.3');
const stranger = address('10.0.1.99');

function pass(text: string, source: Address, destination: Address, fields: Partial<TracePacket> = {}): TraceResult {
  return createTracer(text).trace(packet({ hook: 'forward', source, destination, protocol: 'TCP', destinationPort: 80, ...fields }));
}

function outcome(settings: NodeSettings, source: Address, destination: Address, fields: Partial<TracePacket> = {}, options: RulesetOptions = {}): string {
  const { verdict, logs } = pass(renderRuleset(withNodeSettings(bundle, settings, digest), 1, options), source, destination, fields);
  return [verdict, ...logs.map((log) => log.split(':')[1])].join(' ');
}

/** The mode of both directions of x/a; x/b is enforced. */
function only(ingress: EnforcementMode, egress = ingress): NodeSettings {
  return { modeOf: ({ pod }: DispatchEntry, direction) => (pod === 'x/a' ? (direction === 'ingress' ? ingress : egress) : undefined) };
}

const answer = { ctState: 'established', ctDirection: 'reply', sourcePort: 80, destinationPort: 40000 } as const;

describe('the mode of a pod', () => {
  it.each([
    ['enforce, sent', only('enforce'), a, outside, {}, 'drop D'],
    ['audit, sent', only('audit'), a, outside, {}, 'accept A'],
    ['observe, sent', only('observe'), a, outside, {}, 'accept'],
    ['enforce, received', only('enforce'), outside, a, {}, 'drop D'],
    ['audit, received', only('audit'), outside, a, {}, 'accept A'],
    ['observe, received', only('observe'), outside, a, {}, 'accept'],
    ['audit, its answer', only('audit'), a, outside, answer, 'accept AR'],
    ['audit, an answer to it', only('audit'), outside, a, answer, 'accept AR'],
    ['observe, an answer to it', only('observe'), outside, a, answer, 'accept'],
    ['audit, what is allowed', only('audit'), a, c, {}, 'accept'],
    ['audit, received from a pod that is enforced', only('audit'), b, a, {}, 'accept A'],
    ['audit opens its own end and not the other end', only('audit'), a, b, { destinationPort: 81 }, 'drop A D'],
    ['audit in, enforce out', only('audit', 'enforce'), a, outside, {}, 'drop D'],
    ['enforce in, audit out', only('enforce', 'audit'), outside, a, {}, 'drop D'],
  ] as const)('%s', (_name, settings, source, destination, fields, expected) => {
    expect(outcome(settings, source, destination, fields)).toBe(expected);
  });

  it('names the profile where something is or would be denied', () => {
    const { egress } = bundle.pods.find(({ pod }) => pod === 'x/a')!;
    expect(pass(renderRuleset(bundle), a, outside).logs).toEqual([`ringfence:D:${egress!}`]);
  });

  it('is only elements', () => {
    const structure = (each: NodeBundle): string => JSON.stringify(layOutRuleset(each).chains);
    for (const mode of ['observe', 'audit'] as const) {
      const other = withNodeSettings(bundle, only(mode), digest);
      expect(other.hash).not.toBe(bundle.hash);
      expect(structure(other)).toBe(structure(bundle));
    }
  });

  it('is not in the hash where it changes nothing', () => {
    expect(withNodeSettings(bundle, {}, digest)).toBe(bundle);
  });
});

describe('the end of what is denied', () => {
  const a6 = address('2001:db8:1000::1');
  const outside6 = address('2a00:1450::8');
  const texts = [bundle, withNodeSettings(bundle, only('audit'), digest)].map((each) => renderRuleset(each));
  const outcomes = (change: (text: string) => string): readonly string[] =>
    texts.flatMap((text) => {
      const changed = change(text);
      return ([[a, outside], [outside, a], [a6, outside6], [outside6, a6]] as const).flatMap(([source, destination]) =>
        [{}, answer].map((fields) => {
          const { verdict, logs } = pass(changed, source, destination, fields);
          return `${verdict} ${logs.join(' ')}`;
        }),
      );
    });
  const { ingress, egress } = bundle.pods.find(({ pod }) => pod === 'x/a')!;
  const chains = layOutRuleset(bundle).chains.filter(({ name }) => [ingress, egress].some((profile) => name.startsWith(`${profile!}_`)) && /_[da]$/.test(name));
  const rules = chains.flatMap(({ name, rules: all }) => all.map(({ text }) => [name, text] as const));

  it.each(rules)('is another without one rule: %s, %s', (name, rule) => {
    const without = (text: string): string => {
      const start = text.indexOf(`\tchain ${name} {`);
      const at = text.indexOf(`\t\t${rule}\n`, start);
      return text.slice(0, at) + text.slice(at + `\t\t${rule}\n`.length);
    };
    expect(outcomes(without)).not.toEqual(outcomes((text) => text));
  });
});

describe('an address nobody knows', () => {
  const observing: NodeSettings = { modeOf: () => 'observe' };

  it.each([
    ['is closed where anything is enforced', {}, 'drop U'],
    ['is open where that is declared', { failMode: 'open' }, 'accept'],
    ['is open where everything is observed', observing, 'accept'],
    ['is open where everything is observed, whatever is declared', { ...observing, failMode: 'closed' }, 'accept'],
  ] as const)('%s', (_name, settings, expected) => {
    expect(outcome(settings, stranger, outside)).toBe(expected);
  });

  it('is open where no pod has a policy', () => {
    expect(pass(renderRuleset(open), stranger, outside).verdict).toBe('accept');
  });
});

describe('interfaces', () => {
  it('are guarded by name, where the name is one', () => {
    const named = (name: string): string => renderRuleset(withNodeSettings(bundle, { interfaceOf: ({ pod }) => (pod === 'x/a' ? name : undefined) }, digest));
    expect(named('vethabc@if2')).toContain('"vethabc@if2" . 10.1.0.1');
    for (const hostile of ['a b', 'veth*', '"; flush ruleset', 'x'.repeat(16), '']) expect(named(hostile)).toBe(renderRuleset(bundle).replace(bundle.hash, /bundle (\w+)/.exec(named(hostile))![1]!));
  });
});

describe('a mark that is shared with others', () => {
  it.each([0xffffffff, 0xfffff000, 0xffff, 0xaaaaaaaa, 0xffffff7f])('leaves bits alone that are not in 0x%s', (owned) => {
    const text = renderRuleset(bundle, 3, { ownedMark: owned });
    const layout = markLayout(owned);
    const foreign = ~owned >>> 0;
    const first = pass(text, a, c, { ctMark: foreign });
    expect([first.verdict, (first.ctMark & ~owned) >>> 0]).toEqual(['accept', foreign]);
    const { generation, isPending, isTemporary } = readMark(layout, first.ctMark);
    expect([generation, isPending, isTemporary]).toEqual([3, false, false]);
    const again = pass(text, a, outside, { ctState: 'established', ctMark: first.ctMark });
    expect(again.path.map(({ chain }) => chain)).toEqual(['forward']);
    expect(pass(text, a, outside, { ctState: 'established', ctMark: foreign }).verdict).toBe('drop');
  });

  it('says which rules let a connection through', () => {
    for (const owned of [0xffffffff, 0xfffff000, 0xaaaaaaaa]) {
      const { ctMark, rules } = pass(renderRuleset(bundle, 1, { ownedMark: owned }), a, c);
      expect(rules.length).toBe(1);
      expect(readMark(markLayout(owned), ctMark).egress).toBe(rules[0]!.number);
    }
  });

  it.each([0, 0x7f, 1.5, 2 ** 32])('is refused where there is no room: %d', (owned) => {
    expect(() => markLayout(owned)).toThrow('no mask of at least 8 bits');
  });
});
