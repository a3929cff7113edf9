import { readFileSync } from 'node:fs';

import type { EnforcerOptions } from './options.ts';

const NEEDED = ['CAP_NET_ADMIN'];
/** To see whose a socket is: into processes that may do more than this one, and of other users. */
const NEEDED_FOR_PROGRAMS = ['CAP_SYS_PTRACE', 'CAP_DAC_READ_SEARCH'];
const NAMES = [
  'CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_DAC_READ_SEARCH', 'CAP_FOWNER', 'CAP_FSETID', 'CAP_KILL', 'CAP_SETGID', 'CAP_SETUID', 'CAP_SETPCAP',
  'CAP_LINUX_IMMUTABLE', 'CAP_NET_BIND_SERVICE', 'CAP_NET_BROADCAST', 'CAP_NET_ADMIN', 'CAP_NET_RAW', 'CAP_IPC_LOCK', 'CAP_IPC_OWNER', 'CAP_SYS_MODULE',
  'CAP_SYS_RAWIO', 'CAP_SYS_CHROOT', 'CAP_SYS_PTRACE', 'CAP_SYS_PACCT', 'CAP_SYS_ADMIN', 'CAP_SYS_BOOT', 'CAP_SYS_NICE', 'CAP_SYS_RESOURCE', 'CAP_SYS_TIME',
  'CAP_SYS_TTY_CONFIG', 'CAP_MKNOD', 'CAP_LEASE', 'CAP_AUDIT_WRITE', 'CAP_AUDIT_CONTROL', 'CAP_SETFCAP', 'CAP_MAC_OVERRIDE', 'CAP_MAC_ADMIN', 'CAP_SYSLOG',
  'CAP_WAKE_ALARM', 'CAP_BLOCK_SUSPEND', 'CAP_AUDIT_READ', 'CAP_PERFMON', 'CAP_BPF', 'CAP_CHECKPOINT_RESTORE',
] as const;

/** Capabilities in the kernel's hexadecimal form, by name. */
export function capabilityNames(mask: string): readonly string[] {
  const bits = /^[0-9a-f]{1,16}$/i.test(mask) ? BigInt(`0x${mask}`) : 0n;
  return NAMES.filter((_, at) => ((bits >> BigInt(at)) & 1n) === 1n);
}

/**
 * What this process may do beyond what it needs. They are left away by whoever starts it (systemd,
 * Kubernetes): a process cannot take them from the threads the runtime has already begun.
 */
export function excessCapabilities({ findsProcesses, tellsUnits }: Pick<EnforcerOptions, 'findsProcesses' | 'tellsUnits'>): readonly string[] {
  const needed = new Set([...NEEDED, ...(findsProcesses || tellsUnits ? NEEDED_FOR_PROGRAMS : [])]);
  try {
    const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
    return capabilityNames(mask).filter((name) => !needed.has(name));
  } catch {
    return [];
  }
}
