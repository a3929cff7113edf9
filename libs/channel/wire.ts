import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

import type { ControllerMessage, NodeMessage } from '#distribution';

import { controllerFields, readControllerFields } from './controller-fields.ts';
import { nodeFields, readNodeFields } from './node-fields.ts';

const CONTRACT = 'libs/distribution/node-channel.proto';

let method: MethodDefinition<NodeMessage | undefined, ControllerMessage | undefined> | undefined;

/** The channel's service as gRPC takes it, for the controller. */
export function nodeChannelService(): ServiceDefinition {
  return { Connect: connectMethod() as MethodDefinition<unknown, unknown> };
}

/** The one method of the channel. Undefined stands for a message this version can make nothing of. */
export function connectMethod(): MethodDefinition<NodeMessage | undefined, ControllerMessage | undefined> {
  method ??= loadMethod();
  return method;
}

function loadMethod(): MethodDefinition<NodeMessage | undefined, ControllerMessage | undefined> {
  const loaded = loadSync(contractPath(), { keepCase: false, longs: Number, enums: String, defaults: true, oneofs: true, arrays: true });
  const definition = loaded['ringfence.node.v1.NodeChannel'];
  if (definition === undefined || !('Connect' in definition)) throw new Error(`read ${CONTRACT}: it has no service NodeChannel`);
  const raw = definition['Connect'] as MethodDefinition<object, object>;
  return {
    ...raw,
    requestSerialize: (message) => raw.requestSerialize(message === undefined ? {} : nodeFields(message)),
    requestDeserialize: (bytes) => readNodeFields(raw.requestDeserialize(bytes)),
    responseSerialize: (message) => raw.responseSerialize(message === undefined ? {} : controllerFields(message)),
    responseDeserialize: (bytes) => readControllerFields(raw.responseDeserialize(bytes)),
  };
}

// beside the sources, whether this runs from there or from `dist`
function contractPath(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, CONTRACT))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`find ${CONTRACT}: it is nowhere above ${fileURLToPath(import.meta.url)}`);
    folder = parent;
  }
  return join(folder, CONTRACT);
}
