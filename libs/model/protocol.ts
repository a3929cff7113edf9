/** Transport protocols a rule can name. `ICMP` stands for ICMP on IPv4 and ICMPv6 on IPv6. */
export type Protocol = 'TCP' | 'UDP' | 'SCTP' | 'ICMP';

export const PROTOCOLS: readonly Protocol[] = ['TCP', 'UDP', 'SCTP', 'ICMP'];

export function isProtocol(text: string): text is Protocol {
  return text === 'TCP' || text === 'UDP' || text === 'SCTP' || text === 'ICMP';
}

/** A port number as TCP, UDP and SCTP use it: 1 to 65535. */
export function isPortNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65535;
}
