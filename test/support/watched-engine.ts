import { Inventory } from '#inventory';
import type { Diagnostic, Snapshot, SourceUpdate } from '#model';
import { DockerSource, type DockerSourceOptions } from '#sources/docker';
import { systemClock } from '#sources/waiting';

type Changed = Partial<Pick<DockerSourceOptions, 'clock' | 'quietMs' | 'rereadMs' | 'node' | 'nodeAddresses'>>;

/** A source with an inventory behind it, and a way to wait for what it comes to say. */
export class WatchedEngine {
  readonly source: DockerSource;
  readonly updates: SourceUpdate[] = [];
  readonly problems: Diagnostic[] = [];
  syncs = 0;
  readonly #inventory = new Inventory();
  readonly #waiting = new Set<() => void>();

  constructor(socketPath: string, options: Changed = {}) {
    this.source = new DockerSource({
      socketPath,
      node: 'host-a',
      clock: systemClock,
      // no attempt to reconnect waits longer than it must
      random: () => 0,
      handlers: {
        update: (update) => {
          this.updates.push(update);
          this.#inventory.accept(update);
          this.#look();
        },
        inSync: () => {
          this.syncs += 1;
          this.#look();
        },
        problem: (diagnostic) => {
          this.problems.push(diagnostic);
          this.#look();
        },
      },
      ...options,
    });
    this.source.start();
  }

  get snapshot(): Snapshot {
    return this.#inventory.snapshot();
  }

  /** Waits until this holds; looks again whenever anything is told. Waiting too long is for the test's own limit to end. */
  async until(holds: (snapshot: Snapshot, engine: this) => boolean): Promise<Snapshot> {
    while (!holds(this.snapshot, this)) {
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
      });
    }
    return this.snapshot;
  }

  async inSync(times = 1): Promise<Snapshot> {
    return await this.until(() => this.syncs >= times);
  }

  #look(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const each of waiting) each();
  }
}
