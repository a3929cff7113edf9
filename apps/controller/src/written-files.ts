import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parse, parseDocument } from 'yaml';

import { type Catalogue, readCatalogueEntry } from '#learning';
import { compareText, type Json } from '#model';
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

function yamlFiles(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.yaml')).sort(compareText);
}
