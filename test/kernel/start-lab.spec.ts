import { afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describeKernel } from '../support/kernel.ts';
import { buildProduct, get, gone, post, StartedController } from './started-controller.ts';

const LONG_MS = 240_000;
const PRIZE = { namespace: 'shop-data', kind: 'StatefulSet', name: 'sales-db' };

interface Proposal {
  readonly hash: string;
  readonly quarantined: number;
}

let folder: string;
let controller: StartedController;

function namespacesOf(pid: number): readonly string[] {
  try {
    return readdirSync('/run/netns').filter((name) => name.startsWith(`rf-${String(pid)}-`));
  } catch {
    return [];
  }
}

function start(): StartedController {
  return new StartedController(['--source', 'lab', '--state', folder, '--port', '0']);
}

describeKernel('npm start, as root on Linux', () => {
  beforeAll(buildProduct, LONG_MS);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ringfence-start-'));
    controller = start();
  });

  afterEach(async () => {
    await controller.end('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  it(
    'shows a shop that is learned, an approval, and an attack that ends by it in both families',
    async () => {
      const [, url = ''] = await controller.line(/^Operator interface: (http:\/\/[^,]+),/);
      await controller.line(/nodes 3 of 3 in step/);
      await controller.line(/shop\/reviews -> shop-data\/sales-db 5432\/TCP gets through/);
      await controller.line(/bin\/ringfence approve shop-data\/StatefulSet\/sales-db /);
      const path = `/api/v1/proposals/${PRIZE.namespace}/${PRIZE.kind}/${PRIZE.name}`;
      const { hash, quarantined } = (await get(url, path)) as Proposal;
      // what the attacker does is seen, and is approved by nobody who does not say so
      expect(quarantined).toBeGreaterThan(0);
      const approved = await post(url, '/api/v1/approvals', { proposals: [{ workload: PRIZE, hash }], reason: 'only what the shop needs' });
      expect(approved).toMatchObject({ status: 200, body: { revision: 1 } });
      const [, through] = await controller.line(/sales-db 5432\/TCP is dropped now \(IPv4, IPv6\); what is allowed goes on: (\d+) connections/);
      expect(Number(through)).toBeGreaterThan(50);
      await controller.line(/Revision 1 is in the kernel of all 3 nodes/);
      expect(controller.lines.filter((line) => line.includes('does not get through any more'))).toEqual([]);

      const left = controller.descendants();
      const [lab = 0] = left;
      expect(namespacesOf(lab).length).toBeGreaterThan(40);
      expect(await controller.end('SIGINT')).toBe(0);
      await gone(left);
      expect(namespacesOf(lab)).toEqual([]);
    },
    LONG_MS,
  );

  it(
    'leaves nothing running when it is killed, and goes on with what it decided when it is started again',
    async () => {
      await controller.line(/nodes 3 of 3 in step/);
      const left = controller.descendants();
      const [lab = 0] = left;
      // the lab, and an enforcer a node
      expect(left.length).toBe(4);
      const [, url = ''] = await controller.line(/^Operator interface: (http:\/\/[^,]+),/);
      const audited = await post(url, '/api/v1/modes', { scope: { kind: 'namespace', namespace: 'shop' }, mode: 'audit', reason: 'a look first' });
      expect(audited.status).toBe(200);
      await controller.end('SIGKILL');
      await gone(left);
      expect(namespacesOf(lab)).toEqual([]);

      controller = start();
      const [, again = ''] = await controller.line(/^Operator interface: (http:\/\/[^,]+),/);
      expect(await get(again, '/api/v1/status')).toMatchObject({ leadership: { kind: 'leader' }, store: { lastSeq: audited.body['seq'] } });
      await controller.line(/nodes 3 of 3 in step/);
    },
    LONG_MS,
  );
});
