import { isAddressWord, wordsOf } from './key-words.ts';
import type { KeyMeaning } from './mention.ts';

// the value says who somebody is, or what something is called, never where it is
const IDENTITY_TAILS = new Set(['name', 'names', 'user', 'username', 'users', 'password', 'passwd', 'passphrase', 'pwd', 'secret', 'secrets', 'token', 'db', 'database', 'databases', 'schema', 'dbname', 'catalog', 'keyspace', 'topic', 'topics', 'queue', 'queues', 'exchange', 'group', 'groups', 'groupid', 'bucket', 'buckets', 'index', 'prefix', 'suffix', 'tags', 'version', 'label', 'labels', 'annotation', 'annotations', 'namespace', 'namespaces', 'realm', 'role', 'roles', 'tenant', 'owner', 'title', 'description', 'id', 'ids', 'clientid', 'subject', 'audience', 'aud', 'cn', 'san', 'sans', 'type', 'mode', 'kind', 'driver', 'dialect', 'provider', 'engine', 'vendor', 'level', 'format', 'file', 'filename', 'dir', 'directory', 'key', 'keys', 'cert', 'login', 'email', 'locale', 'lang', 'timezone', 'tz', 'region', 'zone', 'env', 'environment', 'stage', 'profile', 'profiles', 'component', 'job', 'instance', 'app', 'application', 'project', 'regex', 'regexp', 'pattern', 'match', 'expr', 'query', 'alias', 'cookie', 'vhost', 'plugin', 'plugins', 'module', 'modules', 'strategy', 'class', 'command', 'entrypoint', 'args', 'text', 'message', 'comment', 'help', 'summary', 'method', 'package', 'salt', 'pod', 'container', 'deployment', 'shell', 'author', 'maintainer', 'metric', 'field', 'column', 'table', 'collection', 'consumer', 'producer', 'subscription', 'channel', 'partition', 'exec', 'enabled', 'scheme', 'protocol', 'system']);

const BROWSER_WORDS = new Set(['public', 'external', 'externally', 'callback', 'callbacks', 'redirect', 'redirects', 'cors', 'origin', 'origins', 'canonical', 'browser', 'website', 'frontchannel', 'homepage', 'logout', 'whitelist', 'domain', 'domains', 'return', 'success', 'cancel', 'displayed', 'header', 'headers', 'cookie', 'trusted', 'csrf', 'referer', 'referrer']);
const BROWSER_PREFIXES = [['react', 'app'], ['vite'], ['vue', 'app'], ['ng', 'app'], ['gatsby'], ['expo', 'public'], ['next', 'public'], ['nuxt', 'public']];

const OWN_WORDS = new Set(['listen', 'listener', 'listeners', 'bind', 'advertise', 'advertised', 'announce', 'publish', 'virtual', 'letsencrypt']);
const OWN_KEYS = new Set(['hostname', 'gf server root url', 'gf server domain', 'server name', 'servername', 'root url']);

// images, and identities on the wire: the name in a certificate or header, not the place that is dialled
const WIRE_IDENTITIES = new Set(['image', 'images', 'tag', 'sni', 'authority', 'spiffe', 'sans', 'san', 'dnsnames', 'regex', 'regexp', 'audience', 'aud', 'subject', 'commonname']);

const CERTIFICATE_TAILS = new Set(['server name', 'dns names', 'dns name', 'common name', 'alt names', 'alt name', 'ip addresses', 'ip sans', 'tls host']);

/**
 * Reads from the name of a setting whether its value may be an address.
 *
 * `never` is for lists of places not to use a proxy for; `identity` values count only in a form
 * that can be nothing but an address; `browser` addresses are dialled by people's browsers;
 * `own` ones are where the workload itself is found.
 */
export function keyMeaning(key: string): KeyMeaning {
  if (key === '') return 'neutral';
  const words = wordsOf(key);
  const joined = words.join(' ');
  if (/\bno ?proxy\b|\bnon ?proxy ?hosts\b|\bproxy ?bypass\b|\bproxy ?exclu/.test(joined)) return 'never';
  const last = words.at(-1) ?? '';
  const tail = words.slice(-2).join(' ');
  if (WIRE_IDENTITIES.has(last) || CERTIFICATE_TAILS.has(tail) || /^(?:dns|ip) \d+$/.test(joined)) return 'never';
  if (OWN_KEYS.has(joined) || words.some((word) => OWN_WORDS.has(word))) return 'own';
  if (isForBrowsers(words)) return 'browser';
  if (/\bhosts? ?name\b/.test(tail) && words.length > 1) return 'address';
  // what a registry is asked for is called as its Service is
  if (/\bservice discovery (?:application|service name|service id|name)$/.test(joined)) return 'address';
  if (last === 'pass' && words.length > 1 && !/^(?:proxy|fastcgi|uwsgi|scgi|grpc|memcached|ajp) pass$/.test(joined)) return 'identity';
  if (/^(?:pg|db|my|mysql|mongo)?(?:database|user|username|password|dbname)$/.test(last)) return 'identity';
  if (IDENTITY_TAILS.has(last) && !isAddressWord(last)) return words.includes('connectionstrings') || joined.includes('connection string') ? 'address' : 'identity';
  return isAddress(words) ? 'address' : 'neutral';
}

function isForBrowsers(words: readonly string[]): boolean {
  if (words.some((word) => BROWSER_WORDS.has(word))) return true;
  if (words.includes('allowed') || words.includes('allow')) return true;
  if (['root url', 'site url', 'web url', 'server domain', 'app url', 'ui url', 'frontend url'].includes(words.slice(-2).join(' '))) return true;
  if (/\b(?:docs|documentation|links?|help|runbook|swagger)(?: ur[il]s?)?$/.test(words.join(' '))) return true;
  return BROWSER_PREFIXES.some((prefix) => prefix.every((word, index) => words[index] === word));
}

function isAddress(words: readonly string[]): boolean {
  const joined = words.join(' ');
  if (joined.includes('connection string') || joined.includes('bootstrap server') || joined.includes('contact point')) return true;
  const last = words.at(-1) ?? '';
  if (isAddressWord(last)) return true;
  if (/^(?:proxy|fastcgi|uwsgi|scgi|grpc|memcached|ajp) pass$/.test(joined)) return true;
  // REDIS_HOST_1, KAFKA_BROKERS_LIST, API_URL_INTERNAL
  return (/^\d+$/.test(last) || ['list', 'internal', 'default', 'primary', 'base', 'string', 'v1', 'v2'].includes(last)) && isAddressWord(words.at(-2) ?? '');
}
