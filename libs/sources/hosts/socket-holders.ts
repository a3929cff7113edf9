import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A process that holds a socket. */
export interface SocketHolder {
  readonly command: string;
  /** The text of its `cgroup` file. */
  readonly cgroup: string;
}

export interface FoundHolders {
  readonly holders: ReadonlyMap<number, SocketHolder>;
  /** Processes that nobody may look into with the rights there are: any of them may hold what was not found. */
  readonly hidden: number;
}

export interface HolderLimits {
  readonly mostProcesses: number;
  readonly mostDescriptors: number;
}

export const USUAL_LIMITS: HolderLimits = { mostProcesses: 8_192, mostDescriptors: 131_072 };

const LONGEST_TEXT = 8_192;
/** Looked at before others get a turn. */
const BREATH = 16;

/**
 * Finds which processes of a network namespace hold these sockets.
 *
 * Reads the open files of every process there, some milliseconds for a hundred, a few processes at
 * a time so that nothing else waits long: for sockets that are new, and never for all each time.
 */
export async function findHolders(inodes: ReadonlySet<number>, procPath: string, limits: HolderLimits, breathe: () => Promise<void>): Promise<FoundHolders> {
  const found = new Map<number, SocketHolder>();
  const namespace = linkOf(`${procPath}/self/ns/net`);
  let processes = 0;
  let descriptors = 0;
  const hidden = new Set<string>();
  for (const pid of pidsIn(procPath)) {
    const hide = (): void => void hidden.add(pid);
    const own = linkOf(`${procPath}/${pid}/ns/net`, hide);
    if (own === '' || (namespace !== '' && own !== namespace)) continue;
    processes += 1;
    const files = filesOf(`${procPath}/${pid}/fd`, hide);
    descriptors += files.length;
    if (processes > limits.mostProcesses || descriptors > limits.mostDescriptors) break;
    for (const file of files) {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(linkOf(`${procPath}/${pid}/fd/${file}`, hide)) ?? [];
      // of several holders the oldest is who opened it: processes are numbered as they come
      if (inode !== undefined && inodes.has(Number(inode)) && !found.has(Number(inode))) found.set(Number(inode), { command: textOf(`${procPath}/${pid}/comm`).trimEnd(), cgroup: textOf(`${procPath}/${pid}/cgroup`) });
    }
    if (found.size === inodes.size) break;
    if (processes % BREATH === 0) await breathe();
  }
  return { holders: found, hidden: hidden.size };
}

function pidsIn(procPath: string): readonly string[] {
  return readdirSync(procPath).filter((name) => /^[1-9]\d*$/.test(name)).sort((a, b) => Number(a) - Number(b));
}

// processes come and go while they are looked at
function filesOf(path: string, onRefused: () => void): readonly string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if (isRefusal(error)) onRefused();
    return [];
  }
}

function linkOf(path: string, onRefused: () => void = () => undefined): string {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (isRefusal(error)) onRefused();
    return '';
  }
}

function isRefusal(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EACCES' || code === 'EPERM';
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').slice(0, LONGEST_TEXT);
  } catch {
    return '';
  }
}
