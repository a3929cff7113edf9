import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parse } from 'yaml';

import { type Catalogue, readCatalogueEntry } from '#learning';
import { compareText, type Json } from '#model';

import { packageFolder } from '../package-folder.ts';

/** The catalogue of what policies kill, as shipped in `policies/catalogue`. A broken entry is our own broken promise, so it throws. */
export function shippedCatalogue(): Catalogue {
  const folder = join(packageFolder(), 'policies', 'catalogue');
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml')).sort(compareText);
  const entries = files.map((name) => {
    const { entry, diagnostics } = readCatalogueEntry(parse(readFileSync(join(folder, name), 'utf8')) as Json, { file: `policies/catalogue/${name}`, line: 1 });
    if (entry === undefined) throw new Error(`read catalogue entry ${name}: ${diagnostics.map((one) => one.message).join('; ')}`);
    return entry;
  });
  return { entries };
}
