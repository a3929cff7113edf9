import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { type AutoApprovalRule, readAutoApproval } from '#learning';
import type { Json } from '#model';
import { parse } from 'yaml';

import { repositoryRoot } from './shared.ts';

const folder = join(repositoryRoot, 'policies', 'auto-approval');

/** The auto-approval rules we ship; a mistake in one is an error here. */
export function shippedAutoApprovals(): readonly { readonly file: string; readonly rule: AutoApprovalRule }[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((file) => {
      const { rule, diagnostics } = readAutoApproval(parse(readFileSync(join(folder, file), 'utf8')) as Json, { file, line: 1 });
      if (rule === undefined) throw new Error(`read ${file}: ${diagnostics.map((each) => each.message).join('; ')}`);
      return { file, rule };
    });
}
