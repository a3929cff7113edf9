import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

import { NAMES_FOLDER, unmountName } from './network-namespace.ts';

/** Holds one folder for each process that holds a lab with names. */
const OWNERS_FOLDER = process.env['RINGFENCE_LAB_FOLDER'] ?? '/run/ringfence-lab';
const NAME = /^rf-(\d+)-/;
const LONGEST = 80;

/** What every name begins with that belongs to a process. */
export function namePrefix(pid: number = process.pid): string {
  return `rf-${String(pid)}-`;
}

/** A name nobody has, out of anything somebody is called. */
export function freeName(prefix: string, whose: string): string {
  const plain = whose.toLowerCase().replaceAll('/', '.').replaceAll(/[^a-z0-9.-]/g, '-').slice(0, LONGEST);
  const taken = (name: string): boolean => existsSync(`${NAMES_FOLDER}/${name}`);
  if (!taken(`${prefix}${plain}`)) return `${prefix}${plain}`;
  let number = 2;
  while (taken(`${prefix}${plain}-${String(number)}`)) number += 1;
  return `${prefix}${plain}-${String(number)}`;
}

/**
 * The folder of a process that holds a lab. It notes when the process started, so that another one
 * that comes to the same number later is not taken for it.
 */
export function ownerFolder(pid: number): string {
  return `${OWNERS_FOLDER}/${String(pid)}`;
}

export function claimOwnership(): string {
  const folder = ownerFolder(process.pid);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(`${folder}/started`, startOf(process.pid) ?? '');
  return folder;
}

/** Processes that hold a lab now. */
export function owners(): readonly number[] {
  return numbered(OWNERS_FOLDER, /^(\d+)$/).map(({ pid }) => pid).filter(isOwnerAlive);
}

/** What dead owners left behind, taken away: names with their namespaces, and notes. Gives the names. */
export function sweepLeftovers(): readonly string[] {
  const left = numbered(NAMES_FOLDER, NAME).filter(({ pid }) => !isOwnerAlive(pid)).map(({ name }) => name);
  for (const name of left) unmountName(name);
  for (const { pid } of numbered(OWNERS_FOLDER, /^(\d+)$/)) if (!isOwnerAlive(pid)) rmSync(ownerFolder(pid), { recursive: true, force: true });
  return left;
}

export function isOwnerAlive(pid: number): boolean {
  const started = startOf(pid);
  if (started === undefined) return false;
  try {
    return readFileSync(`${ownerFolder(pid)}/started`, 'utf8') === started;
  } catch {
    // names of somebody who keeps no notes
    return true;
  }
}

/** When a process started, in ticks since the machine did; undefined for one that is not there, or dead and not yet buried. */
function startOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // the name in brackets may hold anything
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function numbered(folder: string, pattern: RegExp): readonly { readonly name: string; readonly pid: number }[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const pid = pattern.exec(name)?.[1];
    return pid === undefined ? [] : [{ name, pid: Number(pid) }];
  });
}
