import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { NetworkPolicyObject } from '#compilers/kubernetes';

import { PolicyFolder } from './policy-folder.ts';

function policy(name: string, namespace = 'shop', cidr = '192.0.2.0/24'): NetworkPolicyObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace, labels: { 'app.kubernetes.io/managed-by': 'ringfence' }, annotations: {} },
    spec: { podSelector: { matchLabels: { app: name } }, policyTypes: ['Ingress'], ingress: [{ from: [{ ipBlock: { cidr } }, { ipBlock: { cidr: '2001:db8::/32' } }] }] },
  };
}

describe('a folder of policies', () => {
  let folder: string;
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'ringfence-')), 'gitops');
  });
  afterEach(() => {
    rmSync(join(folder, '..'), { recursive: true });
  });

  const files = (): readonly string[] => readdirSync(folder).filter((file) => !file.startsWith('.')).sort();
  const kinds = (desired: readonly NetworkPolicyObject[]): readonly string[] => new PolicyFolder(folder).reconcile(desired).outcomes.map(({ kind, name }) => `${kind} ${name}`);

  it('holds the desired set, one file each, whichever process wrote the one before', () => {
    expect(kinds([policy('web'), policy('api')])).toEqual(['applied api', 'applied web']);
    expect(files()).toEqual(['shop.api.yaml', 'shop.web.yaml']);
    expect(readFileSync(join(folder, 'shop.web.yaml'), 'utf8')).toContain('2001:db8::/32');
    expect(kinds([policy('web', 'shop', '198.51.100.0/24'), policy('api')])).toEqual(['unchanged api', 'applied web']);
    expect(kinds([policy('api')])).toEqual(['unchanged api', 'pruned web']);
    expect(files()).toEqual(['shop.api.yaml']);
    expect(kinds([])).toEqual(['pruned api']);
    expect(files()).toEqual([]);
  });

  it('leaves files of somebody else alone, and ours that somebody changed', () => {
    kinds([policy('web'), policy('api')]);
    writeFileSync(join(folder, 'shop.web.yaml'), 'mine\n');
    writeFileSync(join(folder, 'shop.db.yaml'), 'theirs\n');
    writeFileSync(join(folder, 'README'), 'theirs\n');
    expect(kinds([policy('web', 'shop', '198.51.100.0/24'), policy('db')])).toEqual(['pruned api', 'conflict db', 'conflict web']);
    expect(kinds([])).toEqual(['conflict web']);
    expect(files()).toEqual(['README', 'shop.db.yaml', 'shop.web.yaml']);
    expect([readFileSync(join(folder, 'shop.web.yaml'), 'utf8'), readFileSync(join(folder, 'shop.db.yaml'), 'utf8')]).toEqual(['mine\n', 'theirs\n']);
  });

  it.each(['../etc', 'a/b', 'A', '', '.hidden'])('writes nothing for what can be no name: %j', (name) => {
    expect(new PolicyFolder(folder).reconcile([policy(name)]).outcomes).toMatchObject([{ kind: 'failed' }]);
    expect(files()).toEqual([]);
  });

  it('follows no link somebody left beside a file', () => {
    const outside = join(folder, '..', 'outside');
    mkdirSync(folder);
    for (const name of ['shop.web.yaml', '.ringfence-index.json']) symlinkSync(outside, join(folder, `${name}.tmp`));
    expect(kinds([policy('web')])).toEqual(['applied web']);
    expect(existsSync(outside)).toBe(false);
    expect(readdirSync(folder).filter((file) => !file.startsWith('shop.web.yaml') && !file.startsWith('.ringfence-index.json'))).toEqual([]);
  });

  it('puts back what somebody removed, and says that it was gone', () => {
    kinds([policy('web')]);
    rmSync(join(folder, 'shop.web.yaml'));
    expect(new PolicyFolder(folder).reconcile([policy('web')]).outcomes).toMatchObject([{ kind: 'applied', drift: 'shop.web.yaml was gone' }]);
    expect(files()).toEqual(['shop.web.yaml']);
    expect(new PolicyFolder(folder).reconcile([policy('web')]).outcomes).toEqual([{ kind: 'unchanged', namespace: 'shop', name: 'web' }]);
  });

  it('is only looked at where it is not to be written', () => {
    expect(new PolicyFolder(folder).look([policy('web')])).toMatchObject({ isRealised: false, outcomes: [{ kind: 'would-apply' }] });
    expect(existsSync(folder)).toBe(false);
    kinds([policy('web'), policy('api')]);
    const before = readFileSync(join(folder, '.ringfence-index.json'), 'utf8');
    expect(new PolicyFolder(folder).look([policy('web')])).toMatchObject({ isRealised: false, outcomes: [{ kind: 'would-prune', name: 'api' }, { kind: 'unchanged', name: 'web' }] });
    expect([files(), readFileSync(join(folder, '.ringfence-index.json'), 'utf8')]).toEqual([['shop.api.yaml', 'shop.web.yaml'], before]);
  });

  it('holds the others where one cannot be written, and that one says why', () => {
    kinds([policy('api')]);
    // nothing is renamed over a folder
    mkdirSync(join(folder, 'shop.web.yaml'));
    expect(new PolicyFolder(folder).reconcile([policy('web'), policy('db')])).toMatchObject({
      isRealised: false,
      outcomes: [{ kind: 'pruned', name: 'api' }, { kind: 'applied', name: 'db' }, { kind: 'failed', name: 'web', why: 'shop.web.yaml is no file that could be ours' }],
    });
    expect(files()).toEqual(['shop.db.yaml', 'shop.web.yaml']);
  });

  it('touches nothing where it can not tell what is ours', () => {
    kinds([policy('web')]);
    writeFileSync(join(folder, '.ringfence-index.json'), 'no json');
    expect(new PolicyFolder(folder).reconcile([])).toMatchObject({ outcomes: [], isRealised: false, why: expect.stringContaining('.ringfence-index.json') });
    expect(files()).toEqual(['shop.web.yaml']);
  });

  it('takes up where it was killed: a file that is there as wanted is ours', () => {
    kinds([policy('web')]);
    const written = readFileSync(join(folder, 'shop.web.yaml'), 'utf8');
    rmSync(join(folder, '.ringfence-index.json'));
    expect(kinds([policy('web')])).toEqual(['unchanged web']);
    expect(readFileSync(join(folder, 'shop.web.yaml'), 'utf8')).toBe(written);
    expect(kinds([])).toEqual(['pruned web']);
  });

  it('never removes what its index names outside of itself', () => {
    kinds([]);
    const outside = join(folder, '..', 'outside.yaml');
    writeFileSync(outside, 'theirs');
    writeFileSync(join(folder, '.ringfence-index.json'), JSON.stringify({ files: { '../outside.yaml': ['0'.repeat(64)] } }));
    expect(kinds([])).toEqual([]);
    expect(readFileSync(outside, 'utf8')).toBe('theirs');
  });
});
