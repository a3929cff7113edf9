import type { IncomingMessage, ServerResponse } from 'node:http';

import { Controller, Inject, Req, Res } from '@nestjs/common';

import { routes } from '#operator-api';

import { EventStreams } from './event-streams.ts';
import { OPERATOR_OPTIONS, OPERATOR_PORT } from './injection.ts';
import { Metrics } from './metrics.ts';
import { openApiDocument } from './openapi.ts';
import type { OperatorPort } from './operator-port.ts';
import { Problem } from './problem.ts';
import { obstaclesToReadiness } from './readiness.ts';
import { Serves } from './serves.ts';

/** What is not about policies: health, metrics, the document, the stream of changes. */
@Controller()
export class SystemController {
  readonly #port: OperatorPort;
  readonly #streams: EventStreams;
  readonly #metrics: Metrics;
  readonly #document: unknown;

  constructor(@Inject(OPERATOR_PORT) port: OperatorPort, @Inject(EventStreams) streams: EventStreams, @Inject(Metrics) metrics: Metrics, @Inject(OPERATOR_OPTIONS) { version }: { readonly version: string }) {
    this.#port = port;
    this.#streams = streams;
    this.#metrics = metrics;
    this.#document = openApiDocument(version);
  }

  @Serves(routes.events)
  events(@Req() request: IncomingMessage, @Res() response: ServerResponse): void {
    this.#streams.serve(request, response);
  }

  @Serves(routes.openapi)
  openapi(): unknown {
    return this.#document;
  }

  @Serves(routes.metrics)
  async metrics(@Res() response: ServerResponse): Promise<void> {
    const { contentType, text } = await this.#metrics.read();
    response.setHeader('content-type', contentType);
    response.end(text);
  }

  @Serves(routes.healthz)
  healthz(): { readonly status: 'ok' } {
    return { status: 'ok' };
  }

  @Serves(routes.readyz)
  async readyz(): Promise<{ readonly status: 'ready' }> {
    const obstacles = obstaclesToReadiness(await this.#port.status());
    if (obstacles.length > 0) throw Problem.of(503, obstacles, { code: 'not-ready', subject: 'the controller', message: 'is not ready', hint: 'wait' });
    return { status: 'ready' };
  }
}
