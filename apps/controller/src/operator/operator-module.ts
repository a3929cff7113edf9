import { type DynamicModule, Module, StandardSchemaValidationPipe } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import type { Logger } from 'pino';

import { CallerGate } from './caller.ts';
import { CommandsController } from './commands-controller.ts';
import { EventLog } from './event-log.ts';
import { EventStreams } from './event-streams.ts';
import { invalidRequest } from './invalid-request.ts';
import { OPERATOR_OPTIONS, OPERATOR_PORT } from './injection.ts';
import { Metrics } from './metrics.ts';
import type { OperatorPort } from './operator-port.ts';
import { ProblemFilter } from './problem-filter.ts';
import { QuestionsController } from './questions-controller.ts';
import { RoleGuard } from './role-guard.ts';
import { SystemController } from './system-controller.ts';

export interface OperatorModuleOptions {
  readonly version: string;
  readonly admittedUids: readonly number[];
  readonly heartbeatMs?: number;
  readonly log: Logger;
}

/**
 * The REST interface over an `OperatorPort`.
 *
 * ```
 *  request ─► RoleGuard (who calls, may they?) ─► schemas ─► Questions/Commands/System ─► OperatorPort
 *                    └────────────────┴──────────────┴─► ProblemFilter ─► problem+json
 *  OperatorPort.subscribe ─► EventLog (numbers, keeps) ─► EventStreams ─► server-sent events
 * ```
 */
@Module({})
export class OperatorModule {
  static over(port: OperatorPort, options: OperatorModuleOptions): DynamicModule {
    const { heartbeatMs } = options;
    return {
      module: OperatorModule,
      controllers: [QuestionsController, CommandsController, SystemController],
      providers: [
        { provide: OPERATOR_PORT, useValue: port },
        { provide: OPERATOR_OPTIONS, useValue: options },
        { provide: EventLog, useFactory: () => new EventLog(port) },
        { provide: EventStreams, useFactory: (log: EventLog) => new EventStreams(log, heartbeatMs === undefined ? {} : { heartbeatMs }), inject: [EventLog] },
        { provide: Metrics, useFactory: (streams: EventStreams) => new Metrics(() => port.status(), () => streams.count), inject: [EventStreams] },
        { provide: APP_GUARD, useFactory: () => new RoleGuard(new CallerGate(options.admittedUids)) },
        { provide: APP_PIPE, useFactory: () => new StandardSchemaValidationPipe({ exceptionFactory: invalidRequest }) },
        { provide: APP_FILTER, useFactory: () => new ProblemFilter(options.log) },
      ],
    };
  }
}
