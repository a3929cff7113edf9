import { type EnvEntry, compareText } from '#model';

import { parseEnvText } from './env-text.ts';
import type { Variables } from './interpolation.ts';
import { type LocatedMap, type LocatedNode, entriesOf, entryOf, isNull, isTrue, itemsOf, originOf, textOf } from './located-node.ts';
import { shown, shownPath } from './plain-text.ts';
import { FILE_LIMITS } from './project-files.ts';
import type { ProjectReading } from './project-reading.ts';

/**
 * The environment of a service: its env files in order, `environment` over them, sorted by name.
 *
 * A variable without a value comes from `.env` where that has it, else from the host: unknown, and
 * said so. The same goes for a value that is nothing but a variable nobody set.
 */
export function readEnvironment(service: LocatedMap, variables: Variables, subject: string, reading: ProjectReading): readonly EnvEntry[] {
  const entries = new Map<string, EnvEntry>();
  for (const item of itemsOf(entryOf(service, 'env_file'))) for (const entry of readEnvFile(item, variables, subject, reading)) entries.set(entry.name, entry);
  for (const [name, node] of entriesOf(entryOf(service, 'environment'))) {
    if (name !== '') entries.set(name, entryFrom(name, node, variables));
  }
  return [...entries.values()].sort((a, b) => compareText(a.name, b.name));
}

/** The env files a service needs that could not be read, as they are written. */
export function readUnreadEnvFiles(service: LocatedMap, { files }: ProjectReading): readonly string[] {
  return itemsOf(entryOf(service, 'env_file')).flatMap((item) => {
    const named = envFileOf(item);
    if (named === undefined || isOptional(item)) return [];
    return files.read(files.locate(item.at.folder, named), FILE_LIMITS.envFile).kind === 'text' ? [] : [named];
  });
}

function envFileOf(item: LocatedNode): string | undefined {
  const named = textOf(item.kind === 'map' ? entryOf(item, 'path') : item);
  return named === '' ? undefined : named;
}

function isOptional(item: LocatedNode): boolean {
  const required = item.kind === 'map' ? item.entries.get('required') : undefined;
  return required !== undefined && !isTrue(required);
}

function entryFrom(name: string, node: LocatedNode, variables: Variables): EnvEntry {
  const origin = originOf(node);
  const value = isNull(node) ? variables.get(name) : textOf(node);
  const isUnknown = value === undefined || (value === '' && node.kind === 'scalar' && node.hasUnset);
  return isUnknown ? { name, from: { kind: 'other' }, origin } : { name, value, origin };
}

function readEnvFile(item: LocatedNode, variables: Variables, subject: string, { files, report }: ProjectReading): readonly EnvEntry[] {
  const named = envFileOf(item);
  if (named === undefined) return [];
  const file = files.read(files.locate(item.at.folder, named), FILE_LIMITS.envFile);
  if (file.kind !== 'text') {
    if (file.kind === 'missing' && isOptional(item)) return [];
    report({
      code: 'compose-env-file-not-read',
      severity: 'warning',
      subject,
      message: `takes its environment from ${shown(named)}, which ${file.why}`,
      hint: 'put the file beside the Compose file; what it would say is not known',
      origin: originOf(item),
    });
    return [];
  }
  const format = textOf(entryOf(item, 'format')) === 'raw' ? 'raw' : 'compose';
  const { lines, badLines } = parseEnvText(file.text, variables, format);
  for (const line of badLines.slice(0, 5))
    report({
      code: 'compose-env-line-invalid',
      severity: 'warning',
      subject: shownPath(file.path),
      message: `has a line ${line} that is no NAME=value`,
      hint: 'correct the line; it is left out',
      origin: { file: file.path, line },
    });
  return lines.map(({ name, value, line, hasUnset }): EnvEntry => {
    const known = value ?? variables.get(name);
    const origin = { file: file.path, line };
    return known === undefined || (known === '' && hasUnset) ? { name, from: { kind: 'other' }, origin } : { name, value: known, origin };
  });
}
