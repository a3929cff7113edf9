import { parseAddress } from '#model';

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/**
 * Brings a host to the form names are compared in: lower case, no brackets, no trailing dot.
 * Undefined for what cannot be a host: empty, over 253 characters, a label with other characters.
 */
export function normaliseHost(text: string): string | undefined {
  if (text.length === 0 || text.length > 260) return undefined;
  let host = text.toLowerCase();
  if (host.startsWith('[') && host.endsWith(']')) host = host.slice(1, -1);
  if (host.includes(':')) return parseAddress(host)?.text;
  if (host.endsWith('.')) host = host.slice(0, -1);
  if (host.length === 0 || host.length > 253) return undefined;
  return host.split('.').every((label) => LABEL.test(label)) ? host : undefined;
}

/** Host names and IPv4 addresses by their look alone; a plain number or version is neither. */
export function isHostShaped(text: string): boolean {
  const host = normaliseHost(text);
  if (host === undefined) return false;
  return /[a-z]/.test(host) || parseAddress(host) !== undefined;
}

/** `a.b.svc`, `a.b.svc.cluster.local`: no public name has `svc` there, so the shape alone says address. */
export function isClusterName(host: string): boolean {
  const at = host.split('.').indexOf('svc');
  return at >= 2;
}

/** Names that always mean the machine itself, or every address of it. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host.endsWith('.localhost') || host === 'localhost.localdomain' || host === 'ip6-localhost') return true;
  return host.startsWith('127.') || host === '::1' || host === '::' || host === '0.0.0.0';
}

// endings that are no public domain: reserved by RFC 2606, 6761, 8375 and 9476, or private by custom
const PRIVATE_ENDINGS = new Set(['local', 'localhost', 'internal', 'localdomain', 'lan', 'home', 'corp', 'intranet', 'private', 'cluster', 'svc', 'consul', 'docker', 'test', 'example', 'invalid', 'onion', 'alt', 'arpa']);

// endings of file names, classes and keys that are country codes or domains too
const FILE_ENDINGS = new Set(['sh', 'py', 'js', 'ts', 'md', 'rs', 'pl', 'rb', 'cc', 'so', 'ml', 'vue', 'zip', 'mov', 'name', 'host', 'go', 'id', 'is', 'in', 'to', 'do', 'my', 'it']);

// generic domains seen for services; two-letter endings are countries
const GENERIC_ENDINGS = new Set(['com', 'net', 'org', 'edu', 'gov', 'mil', 'int', 'info', 'biz', 'dev', 'app', 'cloud', 'tech', 'online', 'site', 'xyz', 'global', 'services', 'network', 'systems', 'software', 'run', 'pub', 'page', 'live', 'land', 'works', 'world', 'store', 'shop', 'tools', 'digital', 'social', 'email', 'chat', 'team', 'zone', 'media', 'news', 'finance', 'bank', 'health', 'academy', 'agency', 'business', 'center', 'club', 'codes', 'community', 'company', 'computer', 'consulting', 'data', 'delivery', 'design', 'energy', 'engineering', 'exchange', 'expert', 'financial', 'foundation', 'fun', 'fund', 'games', 'group', 'guru', 'help', 'hosting', 'institute', 'insure', 'international', 'legal', 'link', 'ltd', 'market', 'money', 'one', 'partners', 'pro', 'science', 'security', 'solutions', 'space', 'studio', 'support', 'technology', 'top', 'training', 'ventures', 'video', 'vip', 'wiki', 'build', 'google', 'aws', 'amazon', 'microsoft', 'goog', 'ibm']);

/**
 * Whether a name looks like one the public DNS would know: what is left are names of clusters and
 * machines. `isUrl` lifts the doubt about endings that are those of files too.
 */
export function isPublicName(host: string, isUrl: boolean): boolean {
  const labels = host.split('.');
  const ending = labels.at(-1) ?? '';
  if (labels.length < 2 || host.includes('_') || PRIVATE_ENDINGS.has(ending)) return false;
  if (!isUrl && FILE_ENDINGS.has(ending)) return false;
  return /^[a-z]{2}$/.test(ending) || ending.startsWith('xn--') || GENERIC_ENDINGS.has(ending);
}
