import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';

import type { NodeBundle } from '#compilers/nftables';
import { type EngineContainer, type Mode, type NamespacedPolicy, parseAddress, type PodPort, type SourceUpdate, type WorkloadRef } from '#model';
import { adoptPolicies } from '#policy';

import { namespaced, rule } from '../../../../test/support/policy-worlds.ts';
import { EnforcementPipeline } from './enforcement-pipeline.ts';

const SOURCE = 'host:edge-1';
const unit = (name: string): WorkloadRef => ({ namespace: 'edge-1', kind: 'Unit', name });
const [api, backup] = [unit('api.service'), unit('backup.service')];
const addresses = ['192.0.2.50', '2001:db8::50'].map((text) => parseAddress(text)!);
const origin = { file: 'host:edge-1', line: 1 };

function told(ref: WorkloadRef, ports: readonly PodPort[]): SourceUpdate {
  const value: EngineContainer = {
    kind: 'container',
    pod: { namespace: 'edge-1', name: ref.name, labels: {}, node: 'edge-1', hostNetwork: true, addresses, ports, workload: ref, phase: 'running', isExample: false, origin },
    workload: { ref, platform: 'host', replicas: 1, podLabels: {}, podAnnotations: {}, labels: {}, annotations: {}, serviceAccount: '', tokenMounted: false, hostNetwork: true, containers: [], origin },
    networks: [],
    diagnostics: [],
  };
  return { source: SOURCE, key: `Unit/${ref.name}`, value };
}

const node: SourceUpdate = { source: SOURCE, key: 'host', value: { kind: 'container-host', node: { name: 'edge-1', labels: {}, addresses, podCidrs: [], isExample: false }, diagnostics: [] } };
const ways: SourceUpdate = { source: 'controller', key: 'host-ways', value: { kind: 'host-ways', ways: { sshPort: 22, sshPorts: [{ host: 'edge-1', port: 2022 }], channelPort: 7443 } } };
const tcp = (port: number): PodPort => ({ protocol: 'TCP', port });
const ports = (from: number, to = from) => [{ kind: 'range', protocol: 'TCP', from, to }] as const;

class Host {
  readonly #pipeline = new EnforcementPipeline({ digest: (text) => createHash('sha256').update(text).digest('hex'), required: [SOURCE] });
  readonly #modes = new Map<string, Mode>();
  #now = 0;

  constructor(...policies: readonly NamespacedPolicy[]) {
    for (const update of [ways, node, told(api, [tcp(8080), tcp(9090)]), told(backup, [tcp(873)])]) this.#pipeline.accept(update);
    this.#pipeline.setInSync(SOURCE, true);
    this.#pipeline.setRevision(adoptPolicies(policies));
  }

  /** Undefined where the bundle did not change. */
  turn(mode: Mode = 'enforce', modes: Readonly<Record<string, Mode>> = {}): { readonly bundle: NodeBundle | undefined; readonly codes: readonly string[] } {
    this.#modes.clear();
    for (const [name, each] of Object.entries(modes)) this.#modes.set(name, each);
    this.#pipeline.setSettings({ modeOf: ({ name }) => this.#modes.get(name) ?? mode, targetOf: () => 'nftables' });
    this.#now += 10_000;
    const { nodes, diagnostics = [] } = this.#pipeline.turn(this.#now, { nodes: 10 });
    return { bundle: nodes[0], codes: diagnostics.map(({ code }) => code).filter((code) => code.startsWith('host-')) };
  }

  tell(update: SourceUpdate): void {
    this.#pipeline.accept(update);
  }
}

/** What the host lets in, as `rule: ports`. */
function rulesOf(bundle: NodeBundle | undefined): readonly string[] {
  const profile = bundle?.profiles.find(({ name }) => name === bundle.host?.ingress);
  return (profile?.namespaced ?? []).map(({ rule: id, matches }) => {
    const said = matches.flatMap((match) => (match.kind === 'peer' ? [typeof match.ports === 'string' ? match.ports : match.ports.ranges.map(({ from, to }) => (from === to ? String(from) : `${String(from)}-${String(to)}`)).join()] : []));
    return `${id}: ${[...new Set(said)].join()}`;
  });
}

const closed = namespaced('learned api', { kind: 'workload', workload: api }, { ingress: [rule('web', 'any', ports(8080))] });

describe('programs of a plain host', () => {
  it('are told apart by port: what is approved of one, and what others wait on', () => {
    const { bundle, codes } = new Host(closed).turn();
    expect(bundle?.host).toMatchObject({ addresses: addresses.map(({ text }) => ({ text })), sshPort: 2022, channelPort: 7443 });
    expect(bundle?.host).not.toHaveProperty('ingressMode');
    expect(rulesOf(bundle)).toEqual(['Unit/backup.service:open: 873', 'icmp: icmp', 'web: 8080']);
    expect(codes).toEqual([]);
    expect(bundle?.pods).toEqual([]);
  });

  it('never get the port of another by a range or by any port', () => {
    const wide = namespaced('learned api', { kind: 'workload', workload: api }, { ingress: [rule('wide', 'any', ports(800, 9000)), rule('all', [{ kind: 'workload', workload: backup }], 'any')] });
    expect(rulesOf(new Host(wide).turn().bundle)).toEqual(['Unit/backup.service:open: 873', 'icmp: icmp', 'wide: 800-872,874-9000', 'all: 8080,9090']);
  });

  it('follow modes: observed nothing is closed, audited it is told, and a mixture leaves the audited open and says so', () => {
    const other = namespaced('learned backup', { kind: 'workload', workload: backup }, { ingress: [] });
    const host = new Host(closed, other);
    expect(host.turn('observe').bundle?.host).toBeUndefined();
    expect(host.turn('audit').bundle?.host).toMatchObject({ ingressMode: 'audit' });
    const mixed = host.turn('enforce', { 'backup.service': 'audit' });
    expect(rulesOf(mixed.bundle)).toContain('Unit/backup.service:open: 873');
    expect(mixed.codes).toEqual(['host-mode-undivided']);
    expect(host.turn('observe').bundle?.host).toBeUndefined();
  });

  it('are not told apart in what they send', () => {
    const sending = namespaced('learned api', { kind: 'workload', workload: api }, { ingress: [rule('web', 'any', ports(8080))], egress: [] });
    const { bundle, codes } = new Host(sending).turn();
    expect(bundle?.host).not.toHaveProperty('egress');
    expect(codes).toEqual(['host-egress-undivided']);
  });

  it('are open on a new port once they are known to wait there', () => {
    const host = new Host(closed);
    host.turn();
    host.tell(told(unit('late.service'), [tcp(6060)]));
    expect(rulesOf(host.turn().bundle)).toContain('Unit/late.service:open: 6060');
    host.tell({ ...told(unit('late.service'), []), value: undefined });
    expect(rulesOf(host.turn().bundle)).not.toContain('Unit/late.service:open: 6060');
    expect(host.turn().bundle).toBeUndefined();
  });

  it('stay open where the controller says that people log in, and where it listens', () => {
    const host = new Host(closed);
    host.turn();
    host.tell({ ...ways, value: { kind: 'host-ways', ways: { sshPort: 2200, channelPort: 9443 } } });
    expect(host.turn().bundle?.host).toMatchObject({ sshPort: 2200, channelPort: 9443 });
    host.tell({ ...ways, value: undefined });
    expect(host.turn().bundle?.host).toMatchObject({ sshPort: 22 });
  });
});
