import { Body, Controller, Inject } from '@nestjs/common';
import type { z } from 'zod';

import { diagnosticShape, type DoneShape, readProposalEdit, routes } from '#operator-api';
import type { ReviewCommand } from '#review';

import { actorOf, type Caller } from './caller.ts';
import { OPERATOR_PORT } from './injection.ts';
import type { CommandResult, OperatorPort } from './operator-port.ts';
import { Problem } from './problem.ts';
import { present } from './questions-controller.ts';
import { CalledBy } from './role-guard.ts';
import { Serves } from './serves.ts';

/** Everything that may be decided. What is answered with 200 is in the journal for good. */
@Controller()
export class CommandsController {
  readonly #port: OperatorPort;

  constructor(@Inject(OPERATOR_PORT) port: OperatorPort) {
    this.#port = port;
  }

  @Serves(routes.approve)
  approve(@Body({ schema: routes.approve.body }) body: z.output<typeof routes.approve.body>, @CalledBy() caller: Caller): Promise<DoneShape> {
    const { proposals, ...rest } = body;
    return this.#decide({ kind: 'approve', items: proposals.map(present), ...present(rest) }, caller);
  }

  @Serves(routes.reject)
  reject(@Body({ schema: routes.reject.body }) { proposals, reason }: z.output<typeof routes.reject.body>, @CalledBy() caller: Caller): Promise<DoneShape> {
    return this.#decide({ kind: 'reject', items: proposals, reason }, caller);
  }

  @Serves(routes.edit)
  edit(@Body({ schema: routes.edit.body }) { workload, hash, edit, reason }: z.output<typeof routes.edit.body>, @CalledBy() caller: Caller): Promise<DoneShape> {
    if (edit.kind === 'discard') return this.#decide({ kind: 'discard-edits', workload }, caller);
    const read = readProposalEdit(edit);
    if (read.kind === 'problem') throw new Problem(400, { code: 'edit-unreadable', subject: 'body edit', message: read.text, hint: 'GET /openapi.json says what is expected' });
    return this.#decide({ kind: 'edit', item: { workload, hash }, edit: read.edit, ...present({ reason }) }, caller);
  }

  @Serves(routes.rollback)
  rollback(@Body({ schema: routes.rollback.body }) body: z.output<typeof routes.rollback.body>, @CalledBy() caller: Caller): Promise<DoneShape> {
    return this.#decide({ kind: 'roll-back', ...present(body) }, caller);
  }

  @Serves(routes.setMode)
  setMode(@Body({ schema: routes.setMode.body }) body: z.output<typeof routes.setMode.body>, @CalledBy() caller: Caller): Promise<DoneShape> {
    return this.#decide({ kind: 'set-mode', ...present(body) }, caller);
  }

  @Serves(routes.setFate)
  setFate(@Body({ schema: routes.setFate.body }) body: z.output<typeof routes.setFate.body>, @CalledBy() caller: Caller): Promise<DoneShape> {
    return this.#decide({ kind: 'set-fate', ...present(body) }, caller);
  }

  @Serves(routes.setTarget)
  setTarget(@Body({ schema: routes.setTarget.body }) body: z.output<typeof routes.setTarget.body>, @CalledBy() caller: Caller): Promise<DoneShape> {
    return this.#decide({ kind: 'set-target', ...present(body) }, caller);
  }

  @Serves(routes.confirmTrials)
  confirmTrials(@Body({ schema: routes.confirmTrials.body }) body: z.output<typeof routes.confirmTrials.body>, @CalledBy() caller: Caller): Promise<DoneShape> {
    return this.#decide({ kind: 'confirm-trials', ...present(body) }, caller);
  }

  @Serves(routes.retryTrials)
  retryTrials(@Body({ schema: routes.retryTrials.body }) body: z.output<typeof routes.retryTrials.body>, @CalledBy() caller: Caller): Promise<DoneShape> {
    return this.#decide({ kind: 'retry-trials', ...present(body) }, caller);
  }

  @Serves(routes.setProjectNode)
  setProjectNode(@Body({ schema: routes.setProjectNode.body }) body: z.output<typeof routes.setProjectNode.body>, @CalledBy() caller: Caller): Promise<DoneShape> {
    return this.#decide({ kind: 'set-project-node', ...present(body) }, caller);
  }

  @Serves(routes.removeNode)
  removeNode(@Body({ schema: routes.removeNode.body }) body: z.output<typeof routes.removeNode.body>, @CalledBy() caller: Caller): Promise<DoneShape> {
    return this.#decide({ kind: 'remove-node', ...present(body) }, caller);
  }

  async #decide(command: ReviewCommand, caller: Caller): Promise<DoneShape> {
    return doneOf(await this.#port.command(command, actorOf(caller)));
  }
}

function doneOf(result: CommandResult): DoneShape {
  switch (result.kind) {
    case 'done':
      return { seq: result.seq, ...(result.revision === undefined ? {} : { revision: result.revision }), notes: result.notes.map(diagnosticShape) };
    case 'refused':
      throw Problem.of(422, result.diagnostics, { code: 'refused', subject: 'the command', message: 'may not be carried out', hint: 'look at what is proposed' });
    case 'conflict':
      throw Problem.of(409, result.diagnostics, { code: 'changed-meanwhile', subject: 'the command', message: 'is about something that has changed since', hint: 'look again, then decide' });
    case 'not leader':
      throw new Problem(503, {
        code: 'not-leader',
        subject: 'this replica',
        message: `does not decide${result.leader === undefined ? '' : `; ${result.leader} does`}`,
        hint: result.leader === undefined ? 'ask again when a leader is elected' : 'give the command there',
      });
  }
}
