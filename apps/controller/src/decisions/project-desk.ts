import type { Logger } from 'pino';

import type { Actor, ReviewCommand } from '#review';

import type { CommandResult } from '../operator/operator-port.ts';

export interface ProjectDeskOptions {
  readonly isLeader: () => boolean;
  readonly command: (command: ReviewCommand, actor: Actor) => Promise<CommandResult>;
  readonly log: Logger;
}

const FIRST: Actor = { kind: 'rule', name: 'first node of a project' };
const TRY_AGAIN_MS = 5_000;
/** More wait until these are decided: they are told again. */
const MOST_AT_ONCE = 1_000;

/** Writes down which node was the first with containers of a project; from then on any other waits for a person. */
export class ProjectDesk {
  readonly #options: ProjectDeskOptions;
  readonly #wanted = new Map<string, string>();
  #isBusy = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ProjectDeskOptions) {
    this.#options = options;
  }

  /** Of several nodes the one that is named first. */
  first(project: string, node: string): void {
    if (this.#wanted.has(project) || this.#wanted.size >= MOST_AT_ONCE) return;
    this.#wanted.set(project, node);
    // what a node says comes in a batch, and is decided as one
    if (this.#wanted.size === 1) queueMicrotask(() => { this.tryAgain(); });
  }

  tryAgain(): void {
    clearTimeout(this.#timer);
    if (this.#isBusy || this.#wanted.size === 0 || !this.#options.isLeader()) return;
    this.#isBusy = true;
    const projects = [...this.#wanted].map(([project, node]) => ({ project, node }));
    this.#found(projects)
      .catch((error: unknown) => {
        this.#options.log.error({ why: error instanceof Error ? error.message : String(error) }, 'which node was the first of a project could not be written down');
        return false;
      })
      .then((isDone) => {
        this.#isBusy = false;
        if (isDone) for (const { project } of projects) this.#wanted.delete(project);
        if (isDone) this.tryAgain();
        else this.#timer = setTimeout(() => { this.tryAgain(); }, TRY_AGAIN_MS).unref();
      }, () => undefined);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#wanted.clear();
  }

  async #found(projects: readonly { readonly project: string; readonly node: string }[]): Promise<boolean> {
    const { kind } = await this.#options.command({ kind: 'found-projects', projects }, FIRST);
    return kind === 'done' || kind === 'refused';
  }
}
