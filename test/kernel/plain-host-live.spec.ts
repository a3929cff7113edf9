import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type ProposedRule, type WorkloadRef, workloadKey } from '#model';

import type { ReviewItem } from '../../apps/controller/src/pipeline/answers/live-list.ts';
import { waitFor } from '../support/controller-world.ts';
import { describeKernel } from '../support/kernel.ts';
import { LiveHosts } from '../support/live-hosts.ts';
import { EnforcerProcess } from './enforcer-process.ts';
import { CLIENT, Peer, STRANGER, VisibilityWorld } from './visibility-world.ts';

const PATIENCE_MS = 120_000;
const QUIET_MS = 300;
const NODE = 'edge-1';
const AT = ['10.64.0.1', 'fd00:64::1'];
const STRANGERS = [STRANGER, 'fd00:64::99'];
const CLIENTS = [CLIENT.four, CLIENT.six];
const CGROUPS = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((path) => existsSync(join(path, 'cgroup.procs')));
/** What the unit listens on and is asked for, what it listens on beside, what another unit does, where people log in, a program of no unit. */
const [API, ADMIN, OTHER, LOGIN, LOOSE] = [8080, 9090, 7070, 2022, 6060];
const api: WorkloadRef = { namespace: NODE, kind: 'Unit', name: 'shop-api.service' };
const key = workloadKey(api);

if (CGROUPS === undefined) it.skip('a plain host and its controller (skipped: there is no unified control group tree)', () => undefined);
else describeKernel('a plain host and its controller', () => {
  const slice = join(CGROUPS, `ringfence-${String(process.pid)}.slice`);
  const groups: string[] = [];
  const peers: Peer[] = [];
  let world: VisibilityWorld;
  let client: Peer;
  let hosts: LiveHosts;
  let enforcer: EnforcerProcess;
  let folder: string;

  const startIn = async (group: string, ports: readonly number[]): Promise<void> => {
    const path = join(slice, group);
    mkdirSync(path, { recursive: true });
    groups.push(path);
    const peer = new Peer(world.node);
    peers.push(peer);
    writeFileSync(join(path, 'cgroup.procs'), String(peer.pid));
    for (const port of ports) await peer.do({ do: 'serve', host: '::', port });
  };
  /** Whether a port is reached from these addresses, one for each family. */
  const reaches = async (port: number, from: readonly string[]): Promise<readonly boolean[]> => {
    const outcomes = await Promise.all(AT.map((host, at) => client.do({ do: 'talk', host, port, text: 'x', waitMs: QUIET_MS, from: from[at]! })));
    return outcomes.map(({ outcome }) => outcome === 'answered');
  };
  const [open, shut] = [[true, true], [false, false]];

  beforeAll(async () => {
    world = new VisibilityWorld();
    world.node.run(() => spawnSync('ip', ['link', 'set', 'lo', 'up']));
    world.give('client', STRANGERS[1]!);
    world.node.run(() => spawnSync('ip', ['-6', 'route', 'add', `${STRANGERS[1]!}/128`, 'via', CLIENT.six]));
    client = world.peer('client');
    folder = mkdtempSync(join(tmpdir(), 'ringfence-'));
    await startIn('shop-api.service', [API, ADMIN]);
    await startIn('other.service', [OTHER]);
    await startIn('login.service', [LOGIN]);
    await startIn('by-hand', [LOOSE]);
    hosts = await LiveHosts.start({ ssh: { sshPorts: [{ host: NODE, port: LOGIN }] } });
    const args = [...await hosts.argumentsOf(NODE, hosts.wayInto(world.node)), '--docker', 'off', '--units', 'on', '--processes', 'on'];
    enforcer = new EnforcerProcess({ folder, namespace: world.node }, { args });
  }, PATIENCE_MS);
  afterAll(async () => {
    await enforcer.end('SIGKILL');
    await hosts.close();
    await Promise.all(peers.map((peer) => peer.close()));
    await world.close();
    for (const path of [...groups, slice]) rmdirSync(path);
    rmSync(folder, { recursive: true });
  }, PATIENCE_MS);

  it('is learned from what really comes, and proposed for people to judge', async () => {
    await waitFor(hosts.controller, () => hosts.controller.operator.review(api), (item) => item !== undefined, 'the unit');
    expect([await reaches(API, CLIENTS), await reaches(ADMIN, STRANGERS), await reaches(OTHER, STRANGERS), await reaches(LOGIN, STRANGERS)]).toEqual([open, open, open, open]);
    const rulesOf = (item: ReviewItem | undefined): readonly string[] => (item?.proposal.ingress.kind === 'closed' ? item.proposal.ingress.rules.map(textOf) : []);
    const seen = [...CLIENTS.map((from) => `${from} ${String(API)}`), ...STRANGERS.map((from) => `${from} ${String(ADMIN)}`)].sort();
    await waitFor(hosts.controller, () => hosts.controller.operator.review(api), (item) => rulesOf(item).join() === seen.join(), 'a rule for everything that came');
    const shown = await hosts.run('show', key);
    expect(shown.out).toContain('EGRESS (what it may reach): left open');
    expect((await hosts.run('graph')).out).toMatch(/edge-1\/Unit\/shop-api\.service +8080\/TCP/);
    const loose = await waitFor(hosts.controller, () => hosts.run('proposals'), ({ out }) => out.includes('edge-1/Process/'), 'a program of no unit');
    expect(loose.out).toContain(key);
  }, PATIENCE_MS);

  it('once that is approved and enforced, is closed to whoever it is not about; people log in, others go on', async () => {
    // what the stranger came for is admitted by nobody
    const approved = await hosts.approve(api, (rule) => textOf(rule).endsWith(` ${String(API)}`));
    expect(approved).toMatchObject({ kind: 'done' });
    expect(await reaches(ADMIN, STRANGERS)).toEqual(open);
    await hosts.setMode(api, 'enforce');
    await hosts.confirm(NODE);
    expect([await reaches(API, CLIENTS), await reaches(API, STRANGERS), await reaches(ADMIN, STRANGERS), await reaches(ADMIN, CLIENTS)]).toEqual([open, shut, shut, shut]);
    expect([await reaches(LOGIN, STRANGERS), await reaches(OTHER, STRANGERS), await reaches(LOOSE, STRANGERS)]).toEqual([open, open, open]);
    expect((await hosts.run('nodes')).out).toMatch(/edge-1 +connected +realised +1 /);
  }, PATIENCE_MS);

  it.each([
    ...AT.flatMap((at, family) => [
      [CLIENTS[family]!, at, API, 'allow'],
      [STRANGERS[family]!, at, API, 'deny'],
      [CLIENTS[family]!, at, ADMIN, 'deny'],
      [STRANGERS[family]!, at, LOGIN, 'allow'],
      [STRANGERS[family]!, at, OTHER, 'allow'],
    ] as const),
  ])('why says of %s to %s on %i what its kernel does: %s', async (from, to, port, decision) => {
    const { out } = await hosts.run('why', from, to, `${String(port)}/TCP`, '-o', 'json');
    expect(JSON.parse(out)).toMatchObject({ connections: [{ decision }] });
    const [said] = await Promise.all([from].map(async (source) => (await client.do({ do: 'talk', host: to, port, text: 'x', waitMs: QUIET_MS, from: source })).outcome === 'answered'));
    expect(said).toBe(decision === 'allow');
  }, PATIENCE_MS);

  it('says by its names who lets in, who approved it, and what would help', async () => {
    const allowed = await hosts.run('why', CLIENTS[0]!, key, `${String(API)}/TCP`);
    expect(allowed.out).toContain('learned edge-1/Unit/shop-api.service');
    expect(allowed.out).toContain('alice');
    const denied = await hosts.run('why', STRANGERS[1]!, key, `${String(ADMIN)}/TCP`);
    expect(denied.out).toContain(`missing: ingress of ${key} from ${STRANGERS[1]!} on 9090/TCP`);
    const flows = await waitFor(hosts.controller, () => hosts.run('flows'), ({ out }) => /shop-api\.service.*denied/.test(out) || out.includes('denied'), 'what was refused');
    expect(flows.out).toContain('shop-api.service');
  }, PATIENCE_MS);

  it('is open again once its mode is taken back', async () => {
    await hosts.setMode(api, 'observe');
    await hosts.enforced(NODE);
    await waitFor(hosts.controller, () => reaches(ADMIN, STRANGERS), (answers) => answers.every((answer) => answer), 'the port');
  }, PATIENCE_MS);
});

/** `10.0.0.1 8080`, of a rule for one address and one port. */
function textOf({ peers, ports }: ProposedRule): string {
  const from = peers === 'any' ? 'any' : peers.map((peer) => (peer.kind === 'cidr' ? peer.cidr.text.replace(/\/(?:32|128)$/, '') : peer.kind)).join();
  return `${from} ${ports === 'any' ? 'any' : ports.map((port) => (port.kind === 'range' ? String(port.from) : port.kind)).join()}`;
}
