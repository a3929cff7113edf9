import { type ClientDuplexStream, Client, credentials as channelCredentials, type ServiceError } from '@grpc/grpc-js';

import { CONTROLLER_NAME } from '#certificates';
import { connectMethod } from '#channel';
import type { ControllerMessage, NodeMessage } from '#distribution';

import type { NodeCredentials } from './node-credentials.ts';

const KEEPALIVE_MS = 20_000;

/** Why a stream ended. `code` is that of gRPC. */
export interface StreamEnd {
  readonly code: number;
  readonly why: string;
}

export interface StreamEvents {
  /** Undefined: something this version does not know. */
  readonly onMessage: (message: ControllerMessage | undefined) => void;
  /** There is room to write again. */
  readonly onRoom: () => void;
  /** Once, whatever happened. */
  readonly onEnd: (end: StreamEnd) => void;
}

/** One connection to a controller: its own TCP connection, its own TLS handshake. */
export class ChannelStream {
  readonly #client: Client;
  readonly #call: ClientDuplexStream<NodeMessage | undefined, ControllerMessage | undefined>;
  #isOver = false;

  constructor(address: string, { certificate, key, authority }: NodeCredentials, events: StreamEvents) {
    const method = connectMethod();
    this.#client = new Client(address, channelCredentials.createSsl(authority, key, certificate), {
      // the controller proves who it is, not where it is
      'grpc.ssl_target_name_override': CONTROLLER_NAME,
      'grpc.default_authority': CONTROLLER_NAME,
      'grpc.keepalive_time_ms': KEEPALIVE_MS,
      'grpc.keepalive_timeout_ms': 10_000,
      'grpc.max_receive_message_length': 4 * 2 ** 20,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
      'grpc.enable_http_proxy': 0,
      'grpc.service_config_disable_resolution': 1,
    });
    this.#call = this.#client.makeBidiStreamRequest(method.path, method.requestSerialize, method.responseDeserialize);
    const end = (code: number, why: string): void => {
      if (this.#isOver) return;
      this.#isOver = true;
      this.#client.close();
      events.onEnd({ code, why });
    };
    this.#call.on('data', (message: ControllerMessage | undefined) => {
      if (!this.#isOver) events.onMessage(message);
    });
    this.#call.on('drain', events.onRoom);
    this.#call.on('error', (error: ServiceError) => {
      end(error.code, error.details);
    });
    this.#call.on('end', () => {
      end(0, 'the controller ended it');
    });
  }

  /** False: there is no room for more until `onRoom`. */
  write(message: NodeMessage): boolean {
    return this.#isOver || this.#call.write(message);
  }

  close(): void {
    this.#call.cancel();
  }
}
