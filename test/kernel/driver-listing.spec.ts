import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { compileNodes } from '#compilers/nftables';
import { layOutRuleset, renderRuleset } from '#compilers/nftables';
import { NetlinkDriver } from '#dataplane';

import { NetworkNamespace } from '../../libs/lab/network-namespace.ts';
import { digest } from '../support/agreement.ts';
import { fuzzCase, revisionOf } from '../support/fuzz.ts';
import { describeKernel } from '../support/kernel.ts';
import { readRulesetText, type RulesetParts } from '../support/ruleset-text.ts';
import { repositoryRoot } from '../support/shared.ts';
import { runTool } from '../support/system.ts';

const goldens = join(repositoryRoot, 'libs', 'compilers', 'nftables', 'testdata');
const SEEDS = Array.from({ length: 40 }, (_, at) => 9_000 + at);

/** Statements of the language our compiler may write, beside those the goldens have. */
const statements = [
  'iifname "lo" accept',
  'oifname "veth-a" counter drop',
  'meta iifname . ip saddr @by_name accept',
  'meta mark & 0x000000ff == 0x00000012 accept',
  'meta skuid 0 accept',
  'meta nfproto ipv6 accept',
  'ct status dnat accept',
  'ct state new,established counter',
  'ct state invalid,untracked drop',
  'ct direction original return',
  'ct mark set ct mark & 0xff000fff | 0x00001000 continue',
  'ct mark set 0x00000007',
  'ip saddr 192.0.2.1 accept',
  'ip daddr != 192.0.2.1 accept',
  'ip6 daddr fe80::/10 accept',
  'ip saddr 192.0.2.0/25 drop',
  'ip saddr != @addresses drop',
  'tcp dport 22 accept',
  'udp dport { 67, 68 } accept',
  'tcp dport 1000-2000 accept',
  'sctp sport 5000 accept',
  'th dport 53 accept',
  'meta l4proto { tcp, udp } th dport != { 53, 853 } drop',
  'icmp type echo-request accept',
  'icmp type { echo-request, time-exceeded } accept',
  'icmpv6 type nd-router-solicit accept',
  'tcp flags & rst == rst accept',
  'meta l4proto tcp tcp flags & (fin | syn | rst | ack) != syn drop',
  'fib daddr type { local, broadcast } accept',
  '@ih,0,16 0x1603 accept',
  '@ih,0,8 >= 0 accept',
  '@ih,32,32 { 0x4d2162f, 0x4d21630 } accept',
  '@ih,16,16 & 0xf800 == 0 accept',
  'limit rate 200/second burst 400 packets log prefix "ringfence:D:i_web" group 7 snaplen 96 queue-threshold 32',
  'limit rate 3/minute log group 7',
  'meta l4proto tcp reject with tcp reset',
  'reject with icmpx admin-prohibited',
];

describeKernel('what the netlink driver writes is what nft -f writes, by the words of nft list', () => {
  let namespace: NetworkNamespace;
  let driver: NetlinkDriver;
  beforeEach(() => {
    namespace = new NetworkNamespace();
    driver = new NetlinkDriver({ namespacePath: namespace.path, ownsTable: false, isNumbering: false });
  });
  afterEach(() => {
    driver.close();
    namespace.close();
  });

  const listOf = (write: () => void): string => {
    write();
    const { stdout, stderr } = namespace.run(() => runTool('nft', ['list', 'table', 'inet', 'ringfence']));
    expect(stderr).toBe('');
    // nft shows raw bytes in either base, by what it kept beside the set
    return stdout.replace(/0x[0-9a-f]+/g, (number) => String(Number(number)));
  };
  const byText = (text: string): string =>
    listOf(() => {
      expect(namespace.run(() => runTool('nft', ['-f', '-'], text)).stderr).toBe('');
    });
  const byNetlink = (parts: RulesetParts): string =>
    listOf(() => {
      expect(driver.replace({ table: 'inet ringfence', node: 'node-a', hash: 'a1', rules: [], ...parts })).toMatchObject({ kind: 'committed' });
    });

  it.each(readdirSync(goldens).filter((name) => name.endsWith('.nft')))('for the golden %s', (name) => {
    const text = readFileSync(join(goldens, name), 'utf8');
    const parts = readRulesetText(text);
    expect(parts.chains.length).toBeGreaterThan(10);
    expect(byNetlink(parts)).toBe(byText(text));
  });

  it.each(SEEDS)('for the bundles of fuzz case %d', (seed) => {
    const { snapshot, policies } = fuzzCase(seed);
    for (const bundle of compileNodes(revisionOf(policies), snapshot, { digest }).bundles) {
      expect(byNetlink(layOutRuleset(bundle))).toBe(byText(renderRuleset(bundle)));
    }
  });

  it.each(readdirSync(goldens).filter((name) => name.endsWith('.nft')))('for the golden %s in two steps: what nft can still list, with everything but the look-ups of pods alike', (name) => {
    const parts = readRulesetText(readFileSync(join(goldens, name), 'utf8'));
    const direct = byNetlink(parts).split('\n').filter((line) => line.includes('chain ') || (line.includes('@') && !line.includes('vmap @')));
    const numbering = new NetlinkDriver({ namespacePath: namespace.path, ownsTable: false });
    try {
      expect(numbering.replace({ table: 'inet ringfence', node: 'node-a', hash: 'a1', rules: [], ...parts })).toMatchObject({ kind: 'committed' });
    } finally {
      numbering.close();
    }
    const listed = listOf(() => undefined).split('\n');
    expect(listed.filter((line) => direct.includes(line))).toEqual(direct);
    expect(namespace.run(() => runTool('nft', ['--json', 'list', 'ruleset'])).status).toBe(0);
  });

  it.each(statements)('for %s', (statement) => {
    const text = `
add table inet ringfence
delete table inet ringfence
table inet ringfence {
	set by_name {
		typeof meta iifname . ip saddr
		comment "names"
		elements = {
			veth1 . 192.0.2.1
		}
	}
	set addresses {
		typeof ip saddr
		comment "with what stands behind"
		elements = {
			192.0.2.1 comment "one"
		}
	}
	chain c {
		comment "one rule"
		${statement} comment "why"
	}
}
`;
    expect(byNetlink(readRulesetText(text))).toBe(byText(text));
  });
});
