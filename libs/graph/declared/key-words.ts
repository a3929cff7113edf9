const CACHE_SIZE = 20_000;
const cache = new Map<string, readonly string[]>();

/** Splits `spring.redisHost`, `REDIS_HOST`, `redis-host`, `PGHOST` into lower-case words. */
export function wordsOf(key: string): readonly string[] {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const spaced = key.slice(0, 300).replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/([A-Z])([A-Z][a-z])/g, '$1 $2');
  const words = spaced.toLowerCase().split(/[^a-z0-9]+/).flatMap(splitCompound);
  if (key.length > 200) return words;
  if (cache.size >= CACHE_SIZE) cache.clear();
  cache.set(key, words);
  return words;
}

// English words that end like a compound and are none
const WHOLE = /^(?:localhost|ghost|export|import|support|report|transport|passport|viewport|airport|curl|hostport)$/;
const COMPOUND = /^([a-z0-9]{2,}?)(hostname|host|port|addr|url|uri|urls|hosts|server|servers)$/;

function splitCompound(word: string): readonly string[] {
  if (word === '') return [];
  const parts = WHOLE.test(word) ? null : COMPOUND.exec(word);
  return parts === null ? [word] : [parts[1] ?? '', parts[2] ?? ''];
}

/** Words after which a plain name is a host. */
const ADDRESS_WORDS = new Set(['host', 'hosts', 'hostname', 'hostnames', 'addr', 'addrs', 'address', 'addresses', 'url', 'urls', 'uri', 'uris', 'endpoint', 'endpoints', 'server', 'servers', 'service', 'services', 'svc', 'broker', 'brokers', 'brokerlist', 'bootstrap', 'seed', 'seeds', 'peer', 'peers', 'upstream', 'upstreams', 'target', 'targets', 'dsn', 'join', 'sentinel', 'sentinels', 'contactpoints', 'smarthost', 'proxy', 'fqdn', 'ip', 'nodes', 'hostport', 'ensemble', 'quorum', 'connectionstring', 'jdbcurl', 'baseurl', 'hostaddr', 'linkerd', 'remote', 'loghost', 'relayhost', 'master', 'gateway']);

/** Words that only ever follow the name of what is addressed, and are cut to find the stem of a setting. */
const STEM_TAIL = new Set([...ADDRESS_WORDS, 'port', 'ports', 'http', 'https', 'grpc', 'tcp', 'udp', 'base', 'api', 'connection', 'conn', 'string', 'strings', 'list', 'number', 'value', 'internal', 'path', 'scheme', 'protocol', 'default']);

export function isAddressWord(word: string): boolean {
  return ADDRESS_WORDS.has(word);
}

/** `REDIS_HOST` and `REDIS_PORT` both have the stem `redis`. */
export function stemOf(words: readonly string[]): readonly string[] {
  let end = words.length;
  while (end > 0 && (STEM_TAIL.has(words[end - 1] ?? '') || /^\d+$/.test(words[end - 1] ?? ''))) end -= 1;
  // API_URL: the word that is cut elsewhere is all the name there is
  if (end === 0 && words.length > 1 && !ADDRESS_WORDS.has(words[0] ?? '') && words[0] !== 'port') end = 1;
  return words.slice(0, end);
}
