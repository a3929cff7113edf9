import type { Json, JsonObject, Labels } from '#model';
import { isJsonObject } from '#model';

import { type EndpointFacts, readEndpoints } from './endpoint-facts.ts';
import { flagAt, numberAt, objectAt, textAt, textsAt } from './json-fields.ts';
import { isEngineId } from './network-facts.ts';
import { type PortFacts, readPorts } from './port-facts.ts';

/** Whose network a container has: `own` where it has one, however many networks that is on. */
export type NetworkMode = { readonly kind: 'own' | 'host' | 'none' } | { readonly kind: 'of'; readonly container: string };

/** A container as the engine describes it, within bounds and without what nobody asks for. */
export interface ContainerFacts extends PortFacts {
  readonly id: string;
  /** Without the slash; what the engine takes as a name, or else the beginning of the id. */
  readonly name: string;
  readonly hasOddName: boolean;
  readonly isRunning: boolean;
  /** For good: it is being removed, or could not be. */
  readonly isOver: boolean;
  readonly process?: number;
  readonly labels: Labels;
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  /** `NAME=value`. */
  readonly environment: readonly string[];
  readonly extraHosts: readonly string[];
  readonly mode: NetworkMode;
  readonly endpoints: readonly EndpointFacts[];
}

const MOST_LABELS = 512;
const LONGEST_LABEL = 4_096;
const MOST_WORDS = 1_024;
const LONGEST_WORD = 32_768;
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,252}$/;

/** Reads what inspecting a container gives, or undefined where that is none. */
export function readContainer(answer: Json): ContainerFacts | undefined {
  if (!isJsonObject(answer)) return undefined;
  const id = textAt(answer, 'Id');
  if (!isEngineId(id)) return undefined;
  const state = objectAt(answer, 'State');
  const config = objectAt(answer, 'Config');
  const hostConfig = objectAt(answer, 'HostConfig');
  const name = textAt(answer, 'Name').replace(/^\//, '');
  const pid = numberAt(state, 'Pid');
  // between two attempts a restarting container calls itself running, without a process
  const isRunning = flagAt(state, 'Running') === true && flagAt(state, 'Restarting') !== true && pid > 0;
  return {
    id,
    name: NAME.test(name) ? name : id.slice(0, 12),
    hasOddName: !NAME.test(name),
    isRunning,
    isOver: flagAt(state, 'Dead') === true || textAt(state, 'Status') === 'removing',
    ...(isRunning && Number.isInteger(pid) ? { process: pid } : {}),
    labels: readLabels(objectAt(config, 'Labels')),
    image: textAt(config, 'Image').slice(0, 1_000),
    command: words(config, 'Entrypoint'),
    args: words(config, 'Cmd'),
    environment: words(config, 'Env'),
    extraHosts: words(hostConfig, 'ExtraHosts'),
    mode: readMode(textAt(hostConfig, 'NetworkMode')),
    endpoints: readEndpoints(answer),
    ...readPorts(answer),
  };
}

function words(object: JsonObject, key: string): readonly string[] {
  return textsAt(object, key, MOST_WORDS).map((word) => word.slice(0, LONGEST_WORD));
}

// A label that would have to be cut says something else then, so it is left out. fromEntries defines
// own properties, so that a label called `__proto__` is a label.
function readLabels(labels: JsonObject): Labels {
  const pairs = Object.entries(labels).filter((pair): pair is [string, string] => typeof pair[1] === 'string' && pair[0].length + pair[1].length <= LONGEST_LABEL);
  return Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, MOST_LABELS));
}

function readMode(text: string): NetworkMode {
  if (text === 'host' || text === 'none') return { kind: text };
  if (text.startsWith('container:')) return { kind: 'of', container: text.slice('container:'.length, 400) };
  return { kind: 'own' };
}
