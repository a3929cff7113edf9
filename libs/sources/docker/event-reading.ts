import { isJsonObject, type Json } from '#model';

import { numberAt, objectAt, textAt } from './json-fields.ts';
import { isEngineId } from './network-facts.ts';

/** What has to be looked at again after something happened. */
export type EngineEvent =
  | { readonly kind: 'container'; readonly id: string }
  /** A container has got addresses on a network, or has given them back. */
  | { readonly kind: 'plugged' | 'unplugged'; readonly id: string; readonly network: string }
  | { readonly kind: 'networks' }
  /** Something about everything: the engine has read its configuration again, or it cannot be told. */
  | { readonly kind: 'everything' }
  | { readonly kind: 'nothing' };

export interface TimedEvent {
  readonly event: EngineEvent;
  /** Seconds since 1970 as the engine writes them, for `since`; absent where it does not say. */
  readonly time?: string;
}

/** What happens all the time and changes nothing a source tells of. */
const IDLE_ACTION = /^(?:exec_|health_status|top$|resize$|attach$|detach$|copy$|export$|commit$|archive-path$|extract-to-dir$|kill$|oom$)/;

/** The part of `/events` that is asked for. */
export const EVENT_FILTER = JSON.stringify({ type: ['container', 'network', 'daemon'] });

/** Reads one line of `/events`. Who is told of something is looked up afterwards, so the order of events does not matter. */
export function readEvent(line: string): TimedEvent {
  const event = parsed(line);
  if (!isJsonObject(event)) return { event: { kind: 'everything' } };
  const nanoseconds = numberAt(event, 'timeNano');
  const seconds = numberAt(event, 'time');
  const time = Number.isSafeInteger(seconds) && seconds > 0 ? { time: nanoseconds > 0 ? String(Math.floor(nanoseconds / 1e9)) : String(seconds) } : {};
  return { event: meaningOf(textAt(event, 'Type'), textAt(event, 'Action'), event), ...time };
}

function meaningOf(type: string, action: string, event: Parameters<typeof objectAt>[0]): EngineEvent {
  const actor = objectAt(event, 'Actor');
  const id = textAt(actor, 'ID');
  switch (type) {
    case 'container':
      if (IDLE_ACTION.test(action)) return { kind: 'nothing' };
      return isEngineId(id) ? { kind: 'container', id } : { kind: 'everything' };
    case 'network': {
      const container = textAt(objectAt(actor, 'Attributes'), 'container');
      if (!isEngineId(container) || !isEngineId(id)) return { kind: 'networks' };
      if (action === 'connect') return { kind: 'plugged', id: container, network: id };
      return action === 'disconnect' ? { kind: 'unplugged', id: container, network: id } : { kind: 'networks' };
    }
    case 'daemon':
      return { kind: 'everything' };
    default:
      return { kind: 'nothing' };
  }
}

function parsed(line: string): Json | undefined {
  try {
    return JSON.parse(line) as Json;
  } catch {
    return undefined;
  }
}
