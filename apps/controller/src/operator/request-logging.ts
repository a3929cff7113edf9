import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Logger } from 'pino';
import type { Options } from 'pino-http';

const QUIET = /^\/(?:healthz|readyz|metrics)(?:\?|$)/;

/** One line a request, without its headers: what changes something at info, questions at debug, our own mistakes at error. */
export function requestLogging(logger: Logger): Options {
  return {
    logger,
    quietReqLogger: true,
    autoLogging: { ignore: ({ url }) => QUIET.test(url ?? '') },
    customLogLevel: ({ method }, { statusCode }, error) => {
      if (error !== undefined || statusCode >= 500) return 'error';
      return method === 'GET' && statusCode < 400 ? 'debug' : 'info';
    },
    customSuccessMessage: () => 'request answered',
    customErrorMessage: () => 'request failed',
    wrapSerializers: false,
    serializers: {
      req: ({ method, url, socket }: IncomingMessage) => ({ method, path: (url ?? '').replace(/\?.*$/s, ''), from: socket.remoteAddress }),
      res: ({ statusCode }: ServerResponse) => ({ status: statusCode }),
    },
  };
}
