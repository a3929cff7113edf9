import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Catalogue, CatalogueEntry } from '#learning';
import { readCatalogueEntry } from '#learning';
import type { Json } from '#model';
import { parse } from 'yaml';

import { repositoryRoot } from './shared.ts';

const folder = join(repositoryRoot, 'policies', 'catalogue');

/** The entries we ship, as files and as read; a mistake in one is an error here. */
export function shippedEntries(): readonly CatalogueEntry[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => {
      const { entry, diagnostics } = readCatalogueEntry(parse(readFileSync(join(folder, name), 'utf8')) as Json, { file: name, line: 1 });
      if (entry === undefined) throw new Error(`read ${name}: ${diagnostics.map((each) => each.message).join('; ')}`);
      return entry;
    });
}

export function shippedCatalogue(): Catalogue {
  return { entries: shippedEntries() };
}
