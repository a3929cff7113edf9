import type { Diagnostic } from '#model';

import { shown } from '../shown-text.ts';
import type { KindStatus } from './kind-status.ts';
import { kindTitle } from './watched-kind.ts';

/** What people are told of an API server and its kinds: each thing once, when it begins. */
export class KindProblems {
  readonly #subject: string;
  readonly #failing = new Map<string, string>();
  #unreachableWhy = '';

  constructor(server: string) {
    this.#subject = `Kubernetes at ${shown(server)}`;
  }

  /** The server answers. */
  reached(): void {
    this.#unreachableWhy = '';
  }

  unreachable(why: string): Diagnostic | undefined {
    if (why === this.#unreachableWhy) return undefined;
    this.#unreachableWhy = why;
    return {
      code: 'cluster-unreachable',
      severity: 'warning',
      subject: this.#subject,
      message: why,
      hint: 'look whether the API server runs and whether it knows who asks; what was known of the cluster stands, and it is asked again',
    };
  }

  /** What is to be told where a kind stands differently than before; nothing where that is news to nobody. */
  of({ kind, need, state, why = '' }: KindStatus, before: KindStatus | undefined): Diagnostic | undefined {
    // a server that is gone is gone for all kinds at once, and is told of once
    const isTold = [...this.#failing.values(), this.#unreachableWhy].includes(why);
    if (state === 'failing') this.#failing.set(kind, why);
    else this.#failing.delete(kind);
    if (before?.state === state) return undefined;
    const subject = `${kindTitle(kind)} of ${this.#subject}`;
    switch (state) {
      case 'denied':
        return {
          code: 'kind-denied',
          severity: need === 'always' ? 'error' : need === 'never' ? 'info' : 'warning',
          subject,
          message: need === 'always' ? `${why}; nothing is decided without it` : `${why}; what is known of it stands, and the rest goes on without`,
          hint: 'give the rights to list and watch it, or leave it: it is tried again',
        };
      case 'failing':
        return isTold ? undefined : { code: 'kind-failing', severity: 'warning', subject, message: `${why}; what is known of it stands`, hint: 'nothing, if it passes: it is tried again' };
      case 'in sync':
        return before?.state === 'denied' ? { code: 'kind-allowed', severity: 'info', subject, message: 'can be read now', hint: 'nothing is to be done' } : undefined;
      default:
        return undefined;
    }
  }

  handlerFailed(why: string): Diagnostic {
    return { code: 'handler-failed', severity: 'error', subject: this.#subject, message: why, hint: 'this is a mistake of the program; the update is not repeated' };
  }
}
