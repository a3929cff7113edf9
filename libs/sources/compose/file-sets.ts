import { basename, normalize } from 'node:path';

import { compareText } from '#model';

/** The files of a folder: those that make the application, and those beside them. */
export interface FileSets {
  /** In the order they are laid over each other. */
  readonly main: readonly string[];
  readonly others: readonly string[];
}

const DEFAULTS = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];
const EXTENSION = /\.ya?ml$/i;

/**
 * Chooses the files `docker compose` would take in a folder: those `COMPOSE_FILE` lists, else the
 * first default name and its `.override` file over it. Without a default name, the first name that ends like one, or else the
 * shortest, stands in for it.
 */
export function chooseFiles(names: readonly string[], composeFile?: string): FileSets {
  const listed = (composeFile ?? '').split(/[:;,]/).map(normalize).filter((name) => names.includes(name));
  if (listed.length > 0) return { main: listed, others: names.filter((name) => !listed.includes(name)).sort() };
  const sorted = [...new Set(names)].sort((a, b) => rank(a) - rank(b) || a.length - b.length || compareText(a, b));
  const [first, ...rest] = sorted;
  if (first === undefined) return { main: [], others: [] };
  const stem = first.replace(EXTENSION, '');
  const isOverride = (name: string): boolean => name.replace(EXTENSION, '') === `${stem}.override`;
  const override = rest.find(isOverride);
  return { main: override === undefined ? [first] : [first, override], others: rest.filter((name) => name !== override) };
}

function rank(path: string): number {
  const name = basename(path).toLowerCase();
  const exact = DEFAULTS.indexOf(name);
  if (exact >= 0) return exact;
  const similar = DEFAULTS.findIndex((one) => name.endsWith(one));
  return similar >= 0 ? DEFAULTS.length + similar : 2 * DEFAULTS.length;
}
