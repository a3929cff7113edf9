import type { Logger } from 'pino';

import type { Actor, ReviewCommand } from '#review';

import type { CommandResult } from '../operator/operator-port.ts';
import type { AutomaticApproval } from '../pipeline/automatic-approvals.ts';

export interface RuleDeskOptions {
  /** False where another replica leads, and while what some nodes say is old: what is learned is not all there is then. */
  readonly mayApprove: () => boolean;
  readonly command: (command: ReviewCommand, actor: Actor) => Promise<CommandResult>;
  readonly log: Logger;
}

/**
 * Hands on what rules approve, as if whoever wrote them had said it.
 *
 * What is refused is proposed again with the next view and then tried again, so nothing is kept
 * here; while some of it is being decided, what comes is left for the next view too.
 */
export class RuleDesk {
  readonly #options: RuleDeskOptions;
  #isBusy = false;

  constructor(options: RuleDeskOptions) {
    this.#options = options;
  }

  async approve(approvals: readonly AutomaticApproval[]): Promise<void> {
    const { mayApprove, command, log } = this.#options;
    if (this.#isBusy || !mayApprove()) return;
    this.#isBusy = true;
    try {
      for (const { command: approval, actor } of approvals) this.#tell(await command(approval, actor), actor, approval.items.length);
    } catch (error) {
      log.error({ why: error instanceof Error ? error.message : String(error) }, 'what rules approve could not be decided');
    } finally {
      this.#isBusy = false;
    }
  }

  #tell(result: CommandResult, { name }: Actor, workloads: number): void {
    const { log } = this.#options;
    switch (result.kind) {
      case 'done':
        log.info({ rule: name, workloads, revision: result.revision }, "a rule approved in a person's place");
        return;
      case 'refused':
      case 'conflict':
        log.debug({ rule: name, workloads, why: result.diagnostics.map(({ subject, message }) => `${subject} ${message}`) }, 'what a rule approves is refused');
        return;
      case 'not leader':
        return;
    }
  }
}
