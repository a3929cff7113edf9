import type { IncomingMessage, ServerResponse } from 'node:http';

import type { LoggerService } from '@nestjs/common';
import type { Logger } from 'pino';

import type { Metrics } from './metrics.ts';
import { routeNameOf } from './role-guard.ts';

const QUIET = new Set(['healthz', 'readyz', 'metrics']);

/**
 * One line and one count a request: what changes something at info, questions at debug, our own
 * mistakes at error. Neither headers nor queries nor bodies are written.
 */
export function requestLog(log: Logger, metrics: Metrics): (request: IncomingMessage, response: ServerResponse, next: () => void) => void {
  return (request, response, next) => {
    const startedAt = performance.now();
    response.once('close', () => {
      const route = routeNameOf(request) ?? 'none';
      const ms = performance.now() - startedAt;
      // a stream lasts as long as its reader likes
      if (route !== 'events') metrics.observe(route, response.statusCode, ms / 1_000);
      if (QUIET.has(route) && response.statusCode < 500) return;
      const path = (request.url ?? '').replace(/\?.*$/s, '');
      const isCutShort = response.writableFinished ? {} : { isCutShort: true };
      log[levelOf(request, response)]({ method: request.method, path, route, status: response.statusCode, ms: Math.round(ms * 10) / 10, ...isCutShort }, 'request answered');
    });
    next();
  };
}

function levelOf({ method }: IncomingMessage, { statusCode }: ServerResponse): 'debug' | 'info' | 'error' {
  if (statusCode >= 500 && statusCode !== 503) return 'error';
  return method === 'GET' && statusCode < 400 ? 'debug' : 'info';
}

/** What the framework has to say, in the same log. */
export function frameworkLog(log: Logger): LoggerService {
  const say = (level: 'debug' | 'info' | 'warn' | 'error') => (message: unknown, ...about: readonly unknown[]): void => {
    const context = about.at(-1);
    log[level]({ ...(typeof context === 'string' ? { context } : {}), ...(message instanceof Error ? { err: message } : {}) }, message instanceof Error ? message.message : String(message));
  };
  return { log: say('debug'), debug: say('debug'), verbose: say('debug'), warn: say('warn'), error: say('error'), fatal: say('error') };
}
