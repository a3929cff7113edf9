import { expect, it } from '@jest/globals';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { type WorkloadRef, workloadKey } from '#model';
import { readPaths } from '#sources/files';

import { describeShared } from '../../test/support/needs.ts';

import { snapshotOf } from './inventory.ts';

interface Truth {
  readonly defaultNamespace?: string;
  readonly edges: readonly { readonly from: WorkloadRef | string; readonly to: WorkloadRef | string }[];
}

describeShared('ground-truth', 'real applications', (folder) => {
  const applications = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();

  it.each(applications)('every workload of %s is found, and none that is not there', (application) => {
    const { defaultNamespace, edges } = JSON.parse(readFileSync(join(folder, application, 'truth.json'), 'utf8')) as Truth;
    const { updates, diagnostics } = readPaths([join(folder, application, 'manifests')], { readStdin: () => '', ...(defaultNamespace === undefined ? {} : { defaultNamespace }) });
    const snapshot = snapshotOf(updates, diagnostics);
    const named = edges.flatMap(({ from, to }) => [from, to]).flatMap((peer) => (typeof peer === 'string' ? [] : [workloadKey(peer)]));
    expect([...snapshot.workloads.keys()]).toEqual([...new Set(named)].sort());
    expect(snapshot.diagnostics.filter(({ severity }) => severity !== 'info')).toEqual([]);
  });
});
