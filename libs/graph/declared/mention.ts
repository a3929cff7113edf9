import type { Protocol } from '#model';

/** The shape an address was written in, from the plainest to the most telling. */
export type MentionForm = 'host' | 'command' | 'host-port' | 'dsn' | 'url' | 'srv';

/** An address as some text has it, before anything is known about whom it leads to. */
export interface Mention {
  /** Lower case, without brackets, user, path or trailing dot; an IPv6 address without brackets. */
  readonly host: string;
  readonly port?: number;
  /** The port's name, as SRV records have it. */
  readonly portName?: string;
  readonly protocol?: Protocol;
  /** The URL scheme, lower case. */
  readonly scheme?: string;
  readonly form: MentionForm;
}

/** What the name of the setting says about its value. */
export type KeyMeaning = 'address' | 'neutral' | 'identity' | 'browser' | 'own' | 'never';

/** A mention with the setting it stands in. */
export interface KeyedMention extends Mention {
  /** The setting, flag, directive or program; empty where there is none. */
  readonly key: string;
  readonly meaning: KeyMeaning;
  /** Line in the text from 1, or the setting's place in its group. */
  readonly position: number;
  /** True where the port was taken from a sibling setting. */
  readonly hasSiblingPort?: boolean;
  /** True in program text, where a name nobody has means nothing. */
  readonly isCode?: boolean;
  /** The setting that switches the feature off, where one does. */
  readonly switchedOffBy?: string;
}
