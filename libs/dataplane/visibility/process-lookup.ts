import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';

import { findSocket, type SocketQuestion } from './socket-lookup.ts';

/** One process that holds a socket. Texts are its own and may say anything; control characters are taken out. */
export interface SocketProcess {
  readonly pid: number;
  /** Up to 15 characters. */
  readonly command: string;
  readonly commandLine: string;
  /** The path in the control group tree, which names the container. */
  readonly cgroup: string;
}

export type ProcessFinding =
  | { readonly kind: 'found'; readonly uid: number; readonly processes: readonly SocketProcess[] }
  /** `why` is for people. A connection that has ended has no socket any more: short ones are missed. */
  | { readonly kind: 'missed'; readonly why: string };

export interface ProcessLookupLimits {
  readonly mostProcesses?: number;
  readonly mostDescriptors?: number;
}

const LONGEST_COMMAND_LINE = 4_096;

/**
 * Says which processes of a pod hold one end of a connection, by its exact ends.
 *
 * The socket is a single question to the kernel; finding who holds it looks through the open files
 * of the processes in that network namespace, some milliseconds for a few hundred, so this is for
 * when somebody asks and never for every connection.
 */
export function findProcesses(question: SocketQuestion, { mostProcesses = 4_096, mostDescriptors = 65_536 }: ProcessLookupLimits = {}): ProcessFinding {
  const socket = findSocket(question);
  if (socket === undefined) return { kind: 'missed', why: 'no such socket: the connection has ended, or never began here' };
  if (socket.inode === 0) return { kind: 'missed', why: 'the process has closed the socket already' };
  const namespace = statSync(question.namespacePath ?? '/proc/thread-self/ns/net').ino;
  const link = `socket:[${String(socket.inode)}]`;
  const processes: SocketProcess[] = [];
  let descriptors = 0;
  let looked = 0;
  for (const name of readdirSync('/proc')) {
    if (!/^[1-9]\d*$/.test(name) || linkOf(`/proc/${name}/ns/net`) !== `net:[${String(namespace)}]`) continue;
    looked += 1;
    if (looked > mostProcesses || descriptors > mostDescriptors) break;
    const files = filesOf(name);
    descriptors += files.length;
    if (files.some((file) => linkOf(`/proc/${name}/fd/${file}`) === link)) processes.push(describe(Number(name)));
  }
  if (processes.length > 0) return { kind: 'found', uid: socket.uid, processes: processes.sort((a, b) => a.pid - b.pid) };
  const isCut = looked > mostProcesses || descriptors > mostDescriptors;
  return { kind: 'missed', why: isCut ? `not among the first ${String(looked - 1)} processes with ${String(descriptors)} open files` : 'no process in its network namespace holds the socket' };
}

// processes come and go while they are looked at, and any of their files may be gone
function filesOf(pid: string): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`);
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function describe(pid: number): SocketProcess {
  const read = (file: string): string => {
    try {
      return readFileSync(`/proc/${String(pid)}/${file}`, 'utf8').slice(0, LONGEST_COMMAND_LINE);
    } catch {
      return '';
    }
  };
  // one line for the unified tree, several for the old ones: the unified one is numbered 0
  const lines = read('cgroup').split('\n');
  const cgroup = lines.find((line) => line.startsWith('0::')) ?? lines[0] ?? '';
  return { pid, command: plain(read('comm').trimEnd()), commandLine: plain(read('cmdline').replace(/\0+$/, '').replaceAll('\0', ' ')), cgroup: plain(cgroup.split(':').slice(2).join(':')) };
}

function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '?');
}
