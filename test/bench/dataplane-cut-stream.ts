import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import type { NetworkNamespace } from '../../libs/lab/network-namespace.ts';

/** What an end has got: when the last of it, in nanoseconds of the clock all processes share, as text. */
export interface Arrival {
  readonly last: string;
  readonly bytes: number;
}

/** One end of a stream; see dataplane-cut-end.ts. */
export class StreamEnd {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #waiting: ((arrival: Arrival) => void)[] = [];
  readonly #said: Arrival[] = [];

  constructor(namespace: NetworkNamespace, args: readonly string[]) {
    const program = fileURLToPath(new URL('dataplane-cut-end.ts', import.meta.url));
    this.#child = namespace.run(() => spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...args], { stdio: ['pipe', 'pipe', 'inherit'] }));
    this.#lines = createInterface({ input: this.#child.stdout! });
    this.#lines.on('line', (line) => {
      const arrival = JSON.parse(line) as Arrival;
      const next = this.#waiting.shift();
      if (next === undefined) this.#said.push(arrival);
      else next(arrival);
    });
  }

  /** Resolves with the next thing it says. */
  async says(): Promise<Arrival> {
    const said = this.#said.shift();
    return said ?? new Promise((resolve) => this.#waiting.push(resolve));
  }

  async tell(line: string): Promise<Arrival> {
    this.#child.stdin!.write(`${line}\n`);
    return this.says();
  }

  close(): void {
    this.#lines.close();
    this.#child.kill('SIGKILL');
  }
}
