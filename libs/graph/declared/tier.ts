import { type Service, type Tier, parseAddress } from '#model';

import type { KeyedMention } from './mention.ts';
import type { Target } from './target.ts';

/** A tier with the reason a person would want for a weak one. */
export interface TierVerdict {
  readonly tier: Tier | 'none';
  readonly why?: string;
}

/** Judges one mention by its form and the setting it stands in; the channel and the book it came with come on top. */
export function judgeMention(mention: KeyedMention, target: Target): TierVerdict {
  if (mention.meaning === 'never') return { tier: 'none' };
  // where a workload says it is found, its own replicas find it
  if (mention.meaning === 'own' && !(target.kind === 'workload' && target.isPeer)) return { tier: 'none' };
  if (mention.switchedOffBy !== undefined) return { tier: 'none', why: `${mention.switchedOffBy} switches it off` };
  if (mention.meaning === 'browser') return { tier: 'weak', why: 'the setting is for browsers or the outside' };
  if (target.kind === 'external') return judgeExternal(mention);
  if (target.kind === 'workload' && target.isGuess) return { tier: 'weak', why: 'the namespace in the address is not in the input' };
  switch (mention.form) {
    case 'url':
    case 'dsn':
    case 'srv':
    case 'command':
      return { tier: 'strong' };
    case 'host-port':
      if (mention.meaning === 'address' || mention.port === undefined) return mention.meaning === 'identity' ? { tier: 'none' } : { tier: 'strong' };
      return isServed(target) ? { tier: 'strong' } : { tier: 'weak', why: 'the number is no port of the Service' };
    case 'host':
      if (mention.meaning === 'address') return { tier: 'strong' };
      if (mention.meaning === 'identity') return { tier: 'none' };
      // two words joined that are a Service's name, and all there is: hardly anything but that Service
      return mention.host.includes('-') && target.kind === 'workload' && target.service !== undefined ? { tier: 'strong' } : { tier: 'weak', why: 'a bare name under a setting that promises no address' };
  }
}

// outside the cluster nothing confirms that a name is a host: it takes a URL, or a setting that says so
function judgeExternal(mention: KeyedMention): TierVerdict {
  if (mention.meaning === 'identity' || mention.isCode === true) return { tier: 'none' };
  if (mention.form === 'url' || mention.form === 'command') return { tier: 'strong' };
  return (mention.meaning === 'address' || parseAddress(mention.host) !== undefined) && mention.port !== undefined ? { tier: 'strong' } : { tier: 'weak', why: 'a name outside, without a scheme or port' };
}

function isServed(target: Target): boolean {
  if (target.kind !== 'workload') return true;
  const service: Service | undefined = target.service;
  return service === undefined || service.type === 'Compose' || target.ground !== 'mistaken';
}
