import type { ConnectionFate } from '#model';

type Fields = Readonly<Record<string, unknown>>;

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,100}$/;
const LONGEST_DRAIN_SECONDS = 10 * 365 * 86_400;
const modes: ReadonlySet<unknown> = new Set(['observe', 'audit', 'enforce']);
const failModes: ReadonlySet<unknown> = new Set(['closed', 'open', 'open-unattended']);
const actions = new Set(['allow', 'deny', 'pass']);

/**
 * Profiles and peer sets that were looked at and are ones: bundles share what did not change, which
 * is nearly all of it, and values never change once made.
 */
const sound = new WeakSet<object>();

/** Says in a few words what keeps a value from being a bundle; undefined where nothing does. */
export function bundleFault(value: unknown): string | undefined {
  const bundle = fields(value);
  if (bundle === undefined) return 'it holds no bundle';
  if (typeof bundle['node'] !== 'string' || bundle['node'] === '') return 'it names no node';
  if (!Number.isSafeInteger(bundle['revision']) || Number(bundle['revision']) < 0) return 'its revision is no number';
  if (typeof bundle['hash'] !== 'string' || !/^[0-9A-Za-z]{1,80}$/.test(bundle['hash'])) return 'its hash is none';
  for (const name of ['local4', 'local6']) if (!areTexts(bundle[name])) return `${name} is no list of texts`;
  if (!areAddresses(bundle['contested'])) return 'contested is no list of addresses';
  const { pods, profiles } = bundle;
  if (!Array.isArray(pods) || !Array.isArray(profiles)) return 'it has no pods or no profiles';
  const names = new Set<unknown>();
  for (const profile of profiles as readonly unknown[]) {
    const fault = profileFault(profile);
    if (fault !== undefined) return fault;
    names.add(fields(profile)?.['name']);
  }
  for (const pod of pods as readonly unknown[]) {
    const entry = fields(pod);
    if (typeof entry?.['pod'] !== 'string' || !areAddresses(entry['addresses'])) return 'a pod has no name or no addresses';
    if (entry['links'] !== undefined && !areLinks(entry['links'])) return `pod ${JSON.stringify(entry['pod'])} speaks on interfaces that are none`;
    const fault = entryFault(entry, names);
    if (fault !== undefined) return `pod ${JSON.stringify(entry['pod'])} ${fault}`;
  }
  if (bundle['failMode'] !== undefined && !failModes.has(bundle['failMode'])) return 'it fails neither closed nor open';
  if (bundle['bridges'] !== undefined && !areTexts(bundle['bridges'])) return 'its bridges are no list of texts';
  return hostFault(bundle['host'], names);
}

function areLinks(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof fields(each)?.['interface'] === 'string' && areAddresses(fields(each)?.['addresses']));
}

function hostFault(value: unknown, profiles: ReadonlySet<unknown>): string | undefined {
  if (value === undefined) return undefined;
  const host = fields(value);
  if (host === undefined || !areAddresses(host['addresses'])) return 'the node itself has no addresses';
  for (const name of ['sshPort', 'channelPort']) if (host[name] !== undefined && !isPort(host[name])) return `the node itself has a ${name} that is none`;
  const fault = entryFault(host, profiles);
  return fault === undefined ? undefined : `the node itself ${fault}`;
}

function entryFault(entry: Fields, profiles: ReadonlySet<unknown>): string | undefined {
  for (const side of ['ingress', 'egress']) {
    if (entry[side] !== undefined && !profiles.has(entry[side])) return 'follows a profile that is not there';
    const mode = entry[`${side}Mode`];
    if (mode !== undefined && !modes.has(mode)) return 'is in a mode that is none';
  }
  return entry['fate'] === undefined || isFate(entry['fate']) ? undefined : 'has connections with a fate that is none';
}

/** Whether a value says what becomes of connections; draining takes whole seconds, up to ten years. */
export function isFate(value: unknown): value is ConnectionFate {
  const fate = fields(value);
  if (fate?.['kind'] === 'cut' || fate?.['kind'] === 'keep') return true;
  return fate?.['kind'] === 'drain' && Number.isInteger(fate['seconds']) && Number(fate['seconds']) >= 1 && Number(fate['seconds']) <= LONGEST_DRAIN_SECONDS;
}

function isPort(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65_535;
}

function profileFault(value: unknown): string | undefined {
  const profile = fields(value);
  if (profile === undefined || typeof profile['name'] !== 'string' || !NAME.test(profile['name'])) return 'a profile has no usable name';
  if (sound.has(profile)) return undefined;
  const where = `profile ${profile['name']}`;
  if (profile['direction'] !== 'ingress' && profile['direction'] !== 'egress') return `${where} has no direction`;
  if (profile['isAudited'] !== undefined && profile['isAudited'] !== true) return `${where} does not say whether it is audited`;
  if (!areTexts(profile['isolatedBy'])) return `${where} does not say what isolates it`;
  for (const tier of ['admin', 'namespaced', 'baseline']) {
    if (!Array.isArray(profile[tier])) return `${where} has no rules of tier ${tier}`;
    if (!(profile[tier] as readonly unknown[]).every(isRule)) return `${where} has a rule of tier ${tier} that is none`;
  }
  sound.add(profile);
  return undefined;
}

function isRule(value: unknown): boolean {
  const rule = fields(value);
  if (rule === undefined || typeof rule['policy'] !== 'string' || typeof rule['rule'] !== 'string') return false;
  return Number.isInteger(rule['home']) && actions.has(String(rule['action'])) && areTexts(rule['why']) && Array.isArray(rule['matches']) && (rule['matches'] as readonly unknown[]).every(isMatch);
}

function isMatch(value: unknown): boolean {
  const match = fields(value);
  if (match?.['kind'] === 'socket') return isPeerSet(match['sockets']);
  return match?.['kind'] === 'peer' && (match['peer'] === 'any' || isPeerSet(match['peer'])) && (match['ports'] === 'any' || match['ports'] === 'icmp' || isPortSet(match['ports']));
}

function isPeerSet(value: unknown): boolean {
  const set = fields(value);
  if (set === undefined || sound.has(set)) return set !== undefined;
  const isSound = typeof set['name'] === 'string' && NAME.test(set['name']) && Array.isArray(set['families']) && areTexts(set['elements4']) && areTexts(set['elements6']);
  if (isSound) sound.add(set);
  return isSound;
}

function isPortSet(value: unknown): boolean {
  const set = fields(value);
  return set !== undefined && typeof set['name'] === 'string' && NAME.test(set['name']) && Array.isArray(set['ranges']);
}

function areTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

function areAddresses(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof fields(each)?.['bits'] === 'bigint');
}

function fields(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}
