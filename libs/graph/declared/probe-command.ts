import { isPortNumber } from '#model';

import { isHostShaped, normaliseHost } from './host-name.ts';
import type { Mention } from './mention.ts';
import { readHostPort } from './url-scan.ts';

/** A client program: how it takes its server, and what it speaks. */
interface Client {
  readonly style: 'flags' | 'host port' | 'host' | 'address';
  readonly scheme?: string;
}

const CLIENTS: ReadonlyMap<string, Client> = new Map<string, Client>([
  ['nc', { style: 'host port' }],
  ['ncat', { style: 'host port' }],
  ['netcat', { style: 'host port' }],
  ['telnet', { style: 'host port' }],
  ['nslookup', { style: 'host' }],
  ['dig', { style: 'host' }],
  ['getent', { style: 'host' }],
  ['ping', { style: 'host' }],
  ['curl', { style: 'address', scheme: 'http' }],
  ['wget', { style: 'address', scheme: 'http' }],
  ['http', { style: 'address', scheme: 'http' }],
  ['ab', { style: 'address', scheme: 'http' }],
  ['hey', { style: 'address', scheme: 'http' }],
  ['wrk', { style: 'address', scheme: 'http' }],
  ['grpcurl', { style: 'address', scheme: 'grpc' }],
  ['pg_isready', { style: 'flags', scheme: 'postgresql' }],
  ['psql', { style: 'flags', scheme: 'postgresql' }],
  ['pg_dump', { style: 'flags', scheme: 'postgresql' }],
  ['pg_basebackup', { style: 'flags', scheme: 'postgresql' }],
  ['createdb', { style: 'flags', scheme: 'postgresql' }],
  ['mysql', { style: 'flags', scheme: 'mysql' }],
  ['mysqladmin', { style: 'flags', scheme: 'mysql' }],
  ['mysqldump', { style: 'flags', scheme: 'mysql' }],
  ['mariadb', { style: 'flags', scheme: 'mysql' }],
  ['mariadb-admin', { style: 'flags', scheme: 'mysql' }],
  ['redis-cli', { style: 'flags', scheme: 'redis' }],
  ['redis-server', { style: 'flags', scheme: 'redis' }],
  ['mongo', { style: 'flags', scheme: 'mongodb' }],
  ['mongosh', { style: 'flags', scheme: 'mongodb' }],
  ['mongoimport', { style: 'flags', scheme: 'mongodb' }],
  ['mongorestore', { style: 'flags', scheme: 'mongodb' }],
  ['mongodump', { style: 'flags', scheme: 'mongodb' }],
  ['cqlsh', { style: 'host port', scheme: 'cassandra' }],
  ['clickhouse-client', { style: 'flags', scheme: 'clickhouse' }],
  ['rabbitmqadmin', { style: 'flags' }],
  ['influx', { style: 'flags', scheme: 'influxdb' }],
  ['nats', { style: 'flags', scheme: 'nats' }],
  ['ldapsearch', { style: 'flags', scheme: 'ldap' }],
  ['cockroach', { style: 'flags', scheme: 'cockroachdb' }],
  ['kafkacat', { style: 'flags', scheme: 'kafka' }],
  ['kcat', { style: 'flags', scheme: 'kafka' }],
]);

const WAITS = /^(?:wait[-_]?for.*|wait[-_]until.*|wait|waitforit|dockerize|check[-_].*|.*wait-for-it(?:\.sh)?)$/;
const HOST_FLAGS = new Set(['-h', '--host', '-host', '--hostname', '-b', '--bootstrap-server', '--broker-list', '-s', '--server', '--slaveof', '--replicaof']);
const PORT_FLAGS = new Set(['-p', '--port', '-port', '-P']);

/** Finds whom a known client program is told to reach: `nc -z db 5432`, `pg_isready -h db`, `redis-cli -h cache -p 6379`. */
export function scanProbeCommand(words: readonly string[]): readonly Mention[] {
  const program = programOf(words[0] ?? '');
  const rest = words.slice(1);
  const client = CLIENTS.get(program);
  if (client === undefined) return WAITS.test(program) ? waitTargets(rest) : [];
  switch (client.style) {
    case 'flags':
      return byFlags(rest, client);
    case 'host port':
      return byWords(rest, client);
    case 'host':
      return rest.filter((word) => !/^[-@+]/.test(word) && isName(word)).slice(0, 1).flatMap((word) => mention(word, undefined, client));
    case 'address':
      return rest.filter((word, index) => !word.includes('://') && !word.startsWith('-') && !TAKES_VALUE.test(rest[index - 1] ?? '')).flatMap((word) => addressWord(word, client));
  }
}

// curl and wget: the next word is a method, header, file or number
const TAKES_VALUE = /^-(?:[A-Za-z]*[XHdouwmAbcFTeOPtE]|-(?:request|header|data|data-raw|data-binary|output|user|write-out|max-time|connect-timeout|retry|retry-delay|user-agent|form|cacert|cert|key|output-document|tries|timeout|method|body-data|post-data))$/;

function programOf(word: string): string {
  return word.slice(word.lastIndexOf('/') + 1).replace(/\.exe$/, '');
}

function isName(word: string): boolean {
  return isHostShaped(word) && !/^\d+$/.test(word) && word !== 'hosts' && word !== 'ahosts';
}

function byFlags(words: readonly string[], client: Client): readonly Mention[] {
  let host: string | undefined;
  let port: string | undefined;
  for (const [index, word] of words.entries()) {
    const equals = word.indexOf('=');
    const [flag, value] = equals > 0 ? [word.slice(0, equals), word.slice(equals + 1)] : [word, words[index + 1]];
    if (HOST_FLAGS.has(flag)) host ??= value;
    else if (PORT_FLAGS.has(flag)) port ??= value;
    else if (/^-h[a-z]/.test(word) && client.scheme === 'mysql') host ??= word.slice(2);
  }
  if (host === undefined) return [];
  // --replicaof and --slaveof take host and port as two words
  return mention(host, port, client);
}

function byWords(words: readonly string[], client: Client): readonly Mention[] {
  const at = words.findIndex((word) => !word.startsWith('-') && isName(word) && !/^\d+[smh]$/.test(word));
  if (at < 0) return [];
  return mention(words[at] ?? '', words.slice(at + 1).find((word) => /^\d{1,5}$/.test(word)), client);
}

function waitTargets(words: readonly string[]): readonly Mention[] {
  const stop = words.indexOf('--');
  const own = stop < 0 ? words : words.slice(0, stop);
  return own.flatMap((word, index): readonly Mention[] => {
    const next = own[index + 1];
    return next !== undefined && /^\d{2,5}$/.test(next) && isName(word) ? mention(word, next, { style: 'host port' }) : [];
  });
}

function addressWord(word: string, client: Client): readonly Mention[] {
  const slash = word.indexOf('/');
  if (slash === 0) return [];
  const read = readHostPort(slash < 0 ? word : word.slice(0, slash));
  return read === undefined ? [] : mention(read.host, read.port === undefined ? undefined : String(read.port), client);
}

function mention(text: string, digits: string | undefined, client: Client): readonly Mention[] {
  const read = readHostPort(text);
  const host = read === undefined ? undefined : normaliseHost(read.host);
  if (read === undefined || host === undefined) return [];
  const port = read.port ?? (digits === undefined ? undefined : Number(digits));
  return [{ host, form: 'command', ...(isPortNumber(port) ? { port } : {}), ...(client.scheme === undefined ? {} : { scheme: client.scheme }) }];
}
