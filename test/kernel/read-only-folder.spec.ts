import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';

import type { NetworkPolicyObject } from '#compilers/kubernetes';
import { PolicyFolder } from '#targets';

import { PolicyDesk } from '../../apps/controller/src/outputs/policy-desk.ts';
import { describeKernel } from '../support/kernel.ts';

const PATIENCE_MS = 20_000;

function policy(name: string): NetworkPolicyObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace: 'shop', labels: { 'app.kubernetes.io/managed-by': 'ringfence' }, annotations: {} },
    spec: { podSelector: { matchLabels: { app: name } }, policyTypes: ['Ingress'], ingress: [{ from: [{ ipBlock: { cidr: '192.0.2.0/24' } }, { ipBlock: { cidr: '2001:db8::/32' } }] }] },
  };
}

/** root writes wherever permissions say no, so this takes a file system that is really read-only. */
describeKernel('policies in a folder that nobody may write to', () => {
  let folder: string;
  let desk: PolicyDesk;
  let changed = Promise.withResolvers<undefined>();

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ringfence-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'ringfence-test', folder]);
    desk = new PolicyDesk({
      folder: new PolicyFolder(folder),
      mayWrite: false,
      places: { folder },
      isLeader: () => true,
      onChange: () => {
        changed.resolve(undefined);
      },
      now: Date.now,
      againEveryMs: 100,
      log: pino({ level: 'silent' }),
    });
  });
  afterEach(() => {
    desk.close();
    execFileSync('umount', [folder]);
    rmSync(folder, { recursive: true });
  });

  const desire = (revision: number, names: readonly string[]): void => {
    desk.desire({ revision, networkPolicies: [], folder: names.map(policy), covers: [], diagnostics: [] });
  };

  async function until(wanted: object): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      changed = Promise.withResolvers();
      try {
        expect(desk.views()[1]).toMatchObject(wanted);
        return;
      } catch (error) {
        if (performance.now() > deadline) throw error;
      }
      const timer = setTimeout(() => {
        changed.resolve(undefined);
      }, 1_000);
      await changed.promise;
      clearTimeout(timer);
    }
  }

  it('are said to be missing with the reason, beside those that are there, and are written when it may be again', async () => {
    desire(1, ['api']);
    await until({ place: folder, policies: { realised: 1 }, namespaces: [{ namespace: 'shop', realisation: { kind: 'realised', revision: 1 } }] });
    execFileSync('mount', ['-o', 'remount,ro', folder]);
    desire(2, ['api', 'web']);
    await until({
      policies: { realised: 1, failed: 1 },
      namespaces: [{ realisation: { kind: 'failed', revision: 2, why: expect.stringContaining('EROFS') }, troubled: [{ name: 'web' }] }],
    });
    execFileSync('mount', ['-o', 'remount,rw', folder]);
    await until({ policies: { realised: 2, failed: 0 }, namespaces: [{ realisation: { kind: 'realised', revision: 2 } }] });
    expect(existsSync(join(folder, 'shop.web.yaml'))).toBe(true);
    rmSync(join(folder, 'shop.web.yaml'));
    await until({ policies: { realised: 2 }, healed: 1, namespaces: [{ drift: { policy: 'web', what: 'shop.web.yaml was gone', healedAt: expect.any(Number) } }] });
  });
});
