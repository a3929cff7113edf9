import { ENTITIES, type Entity, type FlowEnd, type JsonObject, type Protocol, isPortNumber, isProtocol, parseAddress } from '#model';

import { type LineReading, fieldOf, isNamespace, isObjectName, isTime, readHostName, textField, unreadable } from './flow-record.ts';
import { shown } from './plain-text.ts';

const LONGEST_APPLICATION = 64;

/** Whether an object is a flow of our own format. */
export function isOwnFlow(object: JsonObject): boolean {
  return Object.hasOwn(object, 'from') || Object.hasOwn(object, 'to');
}

/** Reads `{"time","from","to","port","protocol",…}`; the README lists every field. */
export function readOwnFlow(object: JsonObject): LineReading {
  const time = textField(object, 'time');
  if (time === undefined || !isTime(time)) return unreadable('`time` is no moment such as 2026-01-31T12:00:00Z');
  const from = readEnd(fieldOf(object, 'from'));
  if (typeof from === 'string') return unreadable(`\`from\` ${from}`);
  const to = readEnd(fieldOf(object, 'to'));
  if (typeof to === 'string') return unreadable(`\`to\` ${to}`);
  const protocol = readProtocol(fieldOf(object, 'protocol'));
  if (protocol === undefined) return unreadable('`protocol` is none of TCP, UDP, SCTP, ICMP');
  const port = fieldOf(object, 'port') ?? null;
  if (protocol === 'ICMP' ? port !== null && port !== 0 : !isPortNumber(port)) return unreadable('`port` is no number from 1 to 65535');
  const count = fieldOf(object, 'count') ?? 1;
  if (!isWhole(count) || count < 1) return unreadable('`count` is no whole number from 1');
  const bytes = fieldOf(object, 'bytes') ?? undefined;
  if (bytes !== undefined && !isWhole(bytes)) return unreadable('`bytes` is no whole number');
  const forwarded = fieldOf(object, 'forwarded') ?? true;
  if (typeof forwarded !== 'boolean') return unreadable('`forwarded` is neither true nor false');
  const application = fieldOf(object, 'application') ?? undefined;
  if (application !== undefined && !isApplication(application)) return unreadable('`application` is no short plain name');
  const host = fieldOf(object, 'host') ?? undefined;
  const hostName = typeof host === 'string' ? readHostName(host) : undefined;
  if (host !== undefined && hostName === undefined) return unreadable('`host` is no DNS name');
  return {
    kind: 'flow',
    record: {
      time,
      from,
      to: hostName === undefined || to.names.includes(hostName) ? to : { ...to, names: [...to.names, hostName] },
      protocol,
      port: protocol === 'ICMP' || !isPortNumber(port) ? null : port,
      ...(application === undefined ? {} : { application }),
      count,
      ...(bytes === undefined ? {} : { bytes }),
      forwarded,
    },
  };
}

function readProtocol(value: unknown): Protocol | undefined {
  const text = typeof value === 'string' ? value.toUpperCase() : '';
  return isProtocol(text) ? text : undefined;
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isApplication(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_APPLICATION && /^[A-Za-z0-9][A-Za-z0-9._+/-]*$/.test(value);
}

/** One end: `namespace/Kind/name`, `namespace/pod`, an address, one of the entities, or a host name. Gives the complaint where it is none. */
function readEnd(value: unknown): FlowEnd | string {
  if (typeof value !== 'string' || value === '') return 'is missing';
  const address = parseAddress(value);
  if (address !== undefined) return { address, names: [] };
  const parts = value.split('/');
  if (parts.length > 3 || (parts.length > 1 && (!isNamespace(parts[0] ?? '') || !parts.slice(1).every(isObjectName)))) return `is no end of a flow: ${shown(value)}`;
  if (parts.length === 3) return { workload: value, names: [] };
  if (parts.length === 2) return { pod: value, names: [] };
  if (isEntity(value)) return { entity: value, names: [] };
  const name = readHostName(value);
  return name === undefined ? `is no end of a flow: ${shown(value)}` : { names: [name] };
}

function isEntity(text: string): text is Entity {
  return (ENTITIES as readonly string[]).includes(text);
}
