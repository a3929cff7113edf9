import type { KeyedMention, MentionForm } from './mention.ts';
import type { PortGround } from './port-choice.ts';
import type { Channel } from './sighting.ts';

interface Count {
  readonly yes: number;
  readonly no: number;
}

// True and false mentions counted on 38 public applications, mentions of one's own name left out.
// Files are counted without those three or more workloads share, which are weak anyway.
const CHANNELS: Readonly<Record<Channel, Count>> = {
  env: { yes: 107, no: 8 },
  'env-expansion': { yes: 24, no: 0 },
  'configmap-env': { yes: 33, no: 3 },
  'secret-env': { yes: 5, no: 1 },
  args: { yes: 23, no: 3 },
  'init-container': { yes: 11, no: 0 },
  'configmap-file': { yes: 35, no: 3 },
  'secret-file': { yes: 5, no: 1 },
  file: { yes: 35, no: 3 },
  'custom-resource': { yes: 11, no: 2 },
  'unmounted-configmap': { yes: 2, no: 3 },
};
const FORMS: Readonly<Record<MentionForm, Count>> = {
  url: { yes: 87, no: 13 },
  'host-port': { yes: 61, no: 15 },
  host: { yes: 53, no: 8 },
  command: { yes: 11, no: 0 },
  srv: { yes: 9, no: 0 },
  dsn: { yes: 4, no: 0 },
};
const FORM_PRIOR = odds({ yes: 214, no: 36 });
const MOST = 0.99;

/** What a mention is worth by its channel and form, as if both spoke independently of each other. */
export function mentionConfidence(channel: Channel, mention: KeyedMention): number {
  const ratio = (odds(CHANNELS[channel]) * odds(FORMS[mention.form])) / FORM_PRIOR;
  return ratio / (1 + ratio);
}

/** A guessed port takes from the confidence of the edge that ends there. */
export function groundFactor(ground: PortGround): number {
  switch (ground) {
    case 'written':
    case 'name':
    case 'only':
    case 'sibling':
    case 'pod':
      return 1;
    case 'scheme':
    case 'product':
      return 0.97;
    case 'mistaken':
      return 0.8;
    case 'all':
    case 'none':
      return 0.6;
  }
}

/** Several mentions that agree: the chance that not all of them are wrong. */
export function combineConfidence(values: readonly number[]): number {
  const wrong = values.reduce((product, value) => product * (1 - value), 1);
  return Math.round(Math.min(MOST, 1 - wrong) * 100) / 100;
}

// one more of each: a channel that was never wrong is not certain
function odds({ yes, no }: Count): number {
  return (yes + 1) / (no + 1);
}
