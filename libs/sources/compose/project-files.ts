import { isUtf8 } from 'node:buffer';
import { existsSync, readFileSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';

const MEGABYTE = 1024 * 1024;

/** Bounds on what is read from disk for one folder: enough for any project written by hand. */
export const FILE_LIMITS = {
  composeFile: 4 * MEGABYTE,
  envFile: MEGABYTE,
  mountedFile: 256 * 1024,
  mountedTotal: 8 * MEGABYTE,
  /** All that is handed out to be parsed, the same file as often as it is asked for. */
  total: 64 * MEGABYTE,
  filesInFolder: 64,
  folderDepth: 4,
} as const;

/** A file that was read, or the reason why not, as the end of a sentence about it. */
export type FileReading =
  | { readonly kind: 'text'; readonly path: string; readonly text: string }
  | { readonly kind: 'missing'; readonly path: string; readonly why: string }
  | { readonly kind: 'refused'; readonly path: string; readonly why: string };

/** A path after its first check; `refusal` says why it will not be opened. */
export interface Located {
  readonly path: string;
  readonly refusal?: string;
}

/** What a bind mount shows. */
export type MountReading = FileReading | { readonly kind: 'folder'; readonly files: readonly FolderFile[] };

export interface FolderFile {
  /** The path inside the folder. */
  readonly inside: string;
  readonly path: string;
  readonly text: string;
}

const LEVELS_UP = 3;
const SKIPPED_FOLDERS = new Set(['node_modules', 'vendor', '__pycache__', 'dist', 'target']);
// A service that is shown the whole project would otherwise seem to know everybody's addresses.
const SKIPPED_FILES = /(?:^|[._-])(?:docker-)?compose\b.*\.ya?ml$|\.md$|\.lock$|^package-lock\.json$|^Dockerfile/i;

/**
 * The files a project may name: inside its repository (the nearest folder upward with `.git`), or
 * at most three folders up where there is none, named relatively, and regular.
 *
 * Absolute paths and `~` are never opened: they mean another thing on every machine, and the one
 * on this machine is none of a manifest's business. Links are followed only while they stay inside.
 */
export class ProjectFiles {
  readonly #boundary: string;
  readonly #realBoundaries: readonly string[];
  readonly #known = new Map<string, FileReading>();
  readonly #mounted = new Set<string>();
  #mountedLeft: number = FILE_LIMITS.mountedTotal;
  #left: number = FILE_LIMITS.total;

  constructor(folder: string) {
    this.#boundary = boundaryOf(resolve(folder));
    // The folder itself was chosen by whoever runs this, so it may be a link.
    this.#realBoundaries = [realPath(this.#boundary), boundaryOf(realPath(resolve(folder)))];
  }

  /** Where `named`, written in a file whose relative paths start at `folder`, leads to. */
  locate(folder: string, named: string): Located {
    if (named.includes('\0') || named.length > 1_000) return { path: named, refusal: 'is no path' };
    if (isAbsolute(named) || /^[A-Za-z]:[\\/]|^[\\~]/.test(named)) return { path: named, refusal: 'is a path of the machine it runs on' };
    const path = join(folder, named);
    return isInside(resolve(path), this.#boundary) ? { path } : { path, refusal: 'is outside the project' };
  }

  read({ path, refusal }: Located, limit: number): FileReading {
    if (refusal !== undefined) return { kind: 'refused', path, why: refusal };
    const known = this.#known.get(path);
    const reading = known ?? this.#open(path, Math.min(limit, this.#left));
    if (reading.kind !== 'text') return reading;
    if (reading.text.length > Math.min(limit, this.#left)) return { kind: 'refused', path, why: 'is more than is read for one project' };
    this.#known.set(path, reading);
    this.#left -= reading.text.length;
    return reading;
  }

  #open(path: string, limit: number): FileReading {
    const stat = statOf(path);
    if (stat === undefined) return { kind: 'missing', path, why: 'is not there' };
    if (!stat.isFile()) return { kind: 'refused', path, why: 'is no regular file' };
    if (stat.size > limit) return { kind: 'refused', path, why: `is larger than ${limit} bytes` };
    try {
      if (!this.#isReallyInside(path)) return { kind: 'refused', path, why: 'is a link that leads out of the project' };
      const bytes = readFileSync(path);
      if (!isUtf8(bytes) || bytes.includes(0)) return { kind: 'refused', path, why: 'is no text' };
      return { kind: 'text', path, text: bytes.toString('utf8').replace(/^\uFEFF/, '') };
    } catch {
      return { kind: 'refused', path, why: 'can not be read' };
    }
  }

  #isReallyInside(path: string): boolean {
    const real = realPath(path);
    return this.#realBoundaries.some((boundary) => isInside(real, boundary));
  }

  /** Reads what a bind mount shows: one file, or the texts of a small folder. */
  readMounted(located: Located): MountReading {
    const { path, refusal } = located;
    if (refusal !== undefined || statOf(path)?.isDirectory() !== true) return this.#readCounted(located);
    if (!this.#isReallyInside(path)) return { kind: 'refused', path, why: 'is a link that leads out of the project' };
    const found = listFolder(path, FILE_LIMITS.filesInFolder);
    if (found === undefined) return { kind: 'refused', path, why: `is a folder of more than ${FILE_LIMITS.filesInFolder} files` };
    const files = found.flatMap((inside) => {
      const reading = this.#readCounted({ path: join(path, inside) });
      return reading.kind === 'text' ? [{ inside, path: reading.path, text: reading.text }] : [];
    });
    return { kind: 'folder', files };
  }

  // What many services are shown is kept once and counts once.
  #readCounted(located: Located): FileReading {
    const { path } = located;
    if (this.#mounted.has(path)) return this.#known.get(path) ?? this.read(located, FILE_LIMITS.mountedFile);
    const reading = this.read(located, Math.min(FILE_LIMITS.mountedFile, this.#mountedLeft));
    if (reading.kind === 'text') {
      this.#mounted.add(path);
      this.#mountedLeft -= reading.text.length;
    }
    return reading;
  }
}

function isInside(path: string, boundary: string): boolean {
  return path === boundary || path.startsWith(boundary.endsWith(sep) ? boundary : boundary + sep);
}

function boundaryOf(start: string): string {
  for (let at = start; at !== dirname(at); at = dirname(at)) if (existsSync(join(at, '.git'))) return at;
  let boundary = start;
  // Never the root itself: that would let everything in.
  for (let level = 0; level < LEVELS_UP && dirname(dirname(boundary)) !== dirname(boundary); level += 1) boundary = dirname(boundary);
  return boundary;
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function statOf(path: string): ReturnType<typeof statSync> {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

// Hidden files, installed packages, documentation and the Compose files themselves say nothing about
// whom this service calls; more than `most` files are a source tree.
function listFolder(top: string, most: number): readonly string[] | undefined {
  const found: string[] = [];
  const open = [{ path: top, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { path, depth } = next;
    for (const entry of entriesIn(path)) {
      if (entry.name.startsWith('.') || SKIPPED_FOLDERS.has(entry.name)) continue;
      if (entry.isDirectory() && depth < FILE_LIMITS.folderDepth) open.push({ path: join(path, entry.name), depth: depth + 1 });
      if (entry.isFile() && !SKIPPED_FILES.test(entry.name) && found.push(relative(top, join(path, entry.name))) > most) return undefined;
    }
    if (open.length > most) return undefined;
  }
  return found.sort();
}

function entriesIn(path: string): ReturnType<typeof readEntries> {
  try {
    return readEntries(path);
  } catch {
    return [];
  }
}

function readEntries(path: string) {
  return readdirSync(path, { withFileTypes: true });
}

/** The name of the folder a project is called after when it has no name of its own. */
export function folderName(folder: string): string {
  return basename(resolve(folder));
}
