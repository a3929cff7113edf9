import 'reflect-metadata';

import type { RequestListener, Server } from 'node:http';

import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import helmet from 'helmet';
import type { Logger } from 'pino';

import { EventLog } from './event-log.ts';
import { EventStreams } from './event-streams.ts';
import { closeServer, listenOn, LOOPBACKS, requireLoopback, urlOf } from './listening.ts';
import { createLog } from './log.ts';
import { Metrics } from './metrics.ts';
import { OperatorModule } from './operator-module.ts';
import type { OperatorPort } from './operator-port.ts';
import { frameworkLog, requestLog } from './request-log.ts';
import { onlySameSite } from './same-site.ts';

/** Where operators find a controller unless somebody says otherwise. */
export const DEFAULT_OPERATOR_PORT = 8470;
const LARGEST_BODY = '1mb';

export interface OperatorAppOptions {
  readonly version: string;
  /** 0: the kernel chooses. */
  readonly port?: number;
  /** Loopback addresses; anything else is refused. */
  readonly hosts?: readonly string[];
  /** Users who may look and decide, beside root and whoever runs this process. */
  readonly admittedUids?: readonly number[];
  readonly heartbeatMs?: number;
  readonly log?: Logger;
}

export interface OperatorApp {
  /** Resolves with the URLs it can be reached at. */
  listen(): Promise<readonly string[]>;
  /** Ends streams and connections; whoever was waiting for an answer gets none. */
  close(): Promise<void>;
  /** For other parts of the controller to add to. */
  readonly metrics: Metrics;
}

/** Makes the REST interface over a port; nothing is listened on before `listen`. */
export async function createOperatorApp(port: OperatorPort, options: OperatorAppOptions): Promise<OperatorApp> {
  const { version, hosts = LOOPBACKS, admittedUids = [], heartbeatMs, log = createLog() } = options;
  requireLoopback(hosts);
  const module = OperatorModule.over(port, { version, admittedUids: [...new Set([0, process.getuid?.() ?? 0, ...admittedUids])], log, ...(heartbeatMs === undefined ? {} : { heartbeatMs }) });
  const app = await NestFactory.create<NestExpressApplication>(module, { logger: frameworkLog(log), bodyParser: false, abortOnError: false });
  app.set('etag', false);
  app.set('x-powered-by', false);
  app.set('query parser', 'simple');
  app.use(requestLog(log, app.get(Metrics)));
  app.use(helmet({ contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } }, strictTransportSecurity: false }));
  app.use(onlySameSite);
  app.useBodyParser('json', { limit: LARGEST_BODY, strict: true, type: 'application/json' });
  await app.init();
  const listener = app.getHttpAdapter().getInstance() as RequestListener;
  let servers: readonly Server[] = [];
  return {
    metrics: app.get(Metrics),
    async listen() {
      servers = await listenOn(hosts, options.port ?? DEFAULT_OPERATOR_PORT, listener);
      return servers.map(urlOf);
    },
    async close() {
      app.get(EventStreams).close();
      await Promise.all(servers.map(closeServer));
      app.get(EventLog).close();
      app.get(Metrics).close();
      await app.close();
    },
  };
}
