import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parse, parseDocument } from 'yaml';

import { type AutoApprovalRule, type Catalogue, readAutoApproval, readCatalogueEntry } from '#learning';
import { compareText, type Diagnostic, type Json } from '#model';
import { type Invariant, readInvariants } from '#policy';

import { packageFolder } from './package-folder.ts';

/** The catalogue as shipped in `policies/catalogue`. A broken entry is our own broken promise, so it throws. */
export function shippedCatalogue(): Catalogue {
  const folder = join(packageFolder(), 'policies', 'catalogue');
  const entries = yamlFiles(folder).map((name) => {
    const { entry, diagnostics } = readCatalogueEntry(parse(readFileSync(join(folder, name), 'utf8')) as Json, { file: `policies/catalogue/${name}`, line: 1 });
    if (entry === undefined) throw new Error(`read catalogue entry ${name}: ${diagnostics.map((one) => one.message).join('; ')}`);
    return entry;
  });
  return { entries };
}

/** Reads files of invariants. One that cannot be read would let through what it forbids, so it throws. */
export function readInvariantFiles(files: readonly string[]): readonly Invariant[] {
  return files.flatMap((file) => {
    const document = parseDocument(readFileSync(file, 'utf8'), { uniqueKeys: true });
    const [broken] = document.errors;
    if (broken !== undefined) throw new Error(`read invariants ${file}: ${broken.message}`);
    const { invariants, diagnostics } = readInvariants(document.toJS({ maxAliasCount: 100 }) as Json, { file, line: 1 });
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    if (errors.length > 0) throw new Error(`read invariants ${file}: ${errors.map(({ message }) => message).join('; ')}`);
    return invariants;
  });
}

/** Reads a folder of auto-approval rules. One that cannot be read approves nothing and is told, and so is the second of one name. */
export function readAutoApprovalFolder(folder: string): { readonly rules: readonly AutoApprovalRule[]; readonly diagnostics: readonly Diagnostic[] } {
  const rules = new Map<string, AutoApprovalRule>();
  const diagnostics: Diagnostic[] = [];
  for (const name of yamlFiles(folder)) {
    const origin = { file: join(folder, name), line: 1 };
    const document = parseDocument(readFileSync(origin.file, 'utf8'), { uniqueKeys: true });
    const [broken] = document.errors;
    const mistake = (message: string): Diagnostic => ({ code: 'auto-approval-invalid', severity: 'error', subject: `auto-approval file ${name}`, message, hint: 'the rule is left out and approves nothing', origin });
    if (broken !== undefined) {
      diagnostics.push(mistake(broken.message));
      continue;
    }
    const reading = readAutoApproval(document.toJS({ maxAliasCount: 100 }) as Json, origin);
    diagnostics.push(...reading.diagnostics);
    if (reading.rule === undefined) continue;
    if (rules.has(reading.rule.name)) diagnostics.push(mistake(`another rule is called ${reading.rule.name}`));
    else rules.set(reading.rule.name, reading.rule);
  }
  return { rules: [...rules.values()], diagnostics };
}

function yamlFiles(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.yaml')).sort(compareText);
}
