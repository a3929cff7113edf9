import type { Json } from '#model';

import { type ContainerFacts, readContainer } from './container-facts.ts';
import { API_LIMITS, type DockerApi } from './docker-api.ts';
import { DockerError, isNotFound, isRefused } from './docker-error.ts';

/** What inspecting a container came to; `unreadable` where the engine would not say. */
export type Inspected = ContainerFacts | 'gone' | 'unreadable';

export interface InspectionHandlers {
  /** `begun` tells this question from others, before and after it, by number. */
  readonly inspected: (id: string, result: Inspected, begun: number) => void;
  /** The engine cannot be asked any more. */
  readonly failed: (error: unknown) => void;
}

/**
 * Inspects containers, a few at a time, and none that waits holds up the others: an engine lets one
 * wait for as long as the container is being started.
 */
export class ContainerInspection {
  readonly #api: DockerApi;
  readonly #handlers: InspectionHandlers;
  readonly #waiting = new Set<string>();
  readonly #asking = new Set<string>();
  #count = 0;
  #isOver = false;
  #idle: () => void = () => undefined;

  constructor(api: DockerApi, handlers: InspectionHandlers) {
    this.#api = api;
    this.#handlers = handlers;
  }

  /** A number for now: inspections with a higher one begin later. */
  moment(): number {
    return (this.#count += 1);
  }

  /** Asks for these; again, if one is just being asked for, for its answer may be from before. */
  ask(ids: Iterable<string>): void {
    for (const id of ids) this.#waiting.add(id);
    this.#next();
  }

  /** Answers when nothing is waited for. */
  async settled(): Promise<void> {
    if (this.#waiting.size === 0 && this.#asking.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }

  /** From now on nobody is told of anything. */
  end(): void {
    this.#isOver = true;
    this.#waiting.clear();
    this.#idle();
  }

  #next(): void {
    for (const id of this.#waiting) {
      if (this.#asking.size >= API_LIMITS.connections) return;
      if (this.#asking.has(id)) continue;
      this.#waiting.delete(id);
      this.#asking.add(id);
      void this.#inspect(id);
    }
    if (this.#waiting.size === 0 && this.#asking.size === 0) this.#idle();
  }

  async #inspect(id: string): Promise<void> {
    const begun = this.moment();
    try {
      const facts = readContainer(await this.#answer(id));
      if (!this.#isOver) this.#handlers.inspected(id, facts?.id === id ? facts : 'unreadable', begun);
    } catch (error) {
      if (this.#isOver) return;
      if (isNotFound(error)) this.#handlers.inspected(id, 'gone', begun);
      // one container can be stuck while the engine is well; whether it is, others find out
      else if (isRefused(error) || (error instanceof DockerError && error.code === 'too-slow')) this.#handlers.inspected(id, 'unreadable', begun);
      else this.#handlers.failed(error);
    } finally {
      this.#asking.delete(id);
      this.#next();
    }
  }

  async #answer(id: string): Promise<Json> {
    return await this.#api.get(`/containers/${id}/json`);
  }
}
