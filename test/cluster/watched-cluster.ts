import { Inventory } from '#inventory';
import type { Diagnostic, JsonObject, Manifest, Snapshot, SourceUpdate } from '#model';
import { ClusterConnection, findClusterAccess, type KindStatus, KubernetesSource, type KubernetesSourceOptions } from '#sources/kubernetes/watch';
import { systemClock } from '#sources/waiting';

const LONGEST_MS = 60_000;

/** A source that watches a cluster, with everything it told. */
export class WatchedCluster {
  readonly objects = new Map<string, Manifest>();
  readonly updates: SourceUpdate[] = [];
  readonly problems: Diagnostic[] = [];
  /** `in sync` and `behind`, in order. */
  readonly turns: string[] = [];
  readonly #inventory = new Inventory();
  readonly #source: KubernetesSource;
  readonly #connection: ClusterConnection;
  #changed: () => void = () => undefined;

  private constructor(connection: ClusterConnection, options: Partial<KubernetesSourceOptions>) {
    this.#connection = connection;
    const heard = (): void => {
      this.#changed();
    };
    this.#source = new KubernetesSource({
      connection,
      clock: systemClock,
      random: Math.random,
      ...options,
      handlers: {
        update: (update) => {
          this.updates.push(update);
          this.#inventory.accept(update);
          if (update.value?.kind === 'manifest') this.objects.set(update.key, update.value);
          else this.objects.delete(update.key);
          heard();
        },
        inSync: () => {
          this.turns.push('in sync');
          heard();
        },
        behind: () => {
          this.turns.push('behind');
          heard();
        },
        status: heard,
        problem: (diagnostic) => {
          this.problems.push(diagnostic);
          heard();
        },
        ...options.handlers,
      },
    });
    this.#source.start();
  }

  static async start(kubeconfig: string, options: Partial<KubernetesSourceOptions> = {}): Promise<WatchedCluster> {
    const access = await findClusterAccess({ kubeconfig });
    if (access === undefined) throw new Error(`there is nothing in ${kubeconfig}`);
    return new WatchedCluster(new ClusterConnection(access), options);
  }

  get snapshot(): Snapshot {
    return this.#inventory.snapshot();
  }

  status(kind: string): KindStatus {
    const found = this.#source.kinds().find((each) => each.kind === kind);
    if (found === undefined) throw new Error(`nothing was told of ${kind}`);
    return found;
  }

  kinds(): readonly KindStatus[] {
    return this.#source.kinds();
  }

  body(key: string): JsonObject | undefined {
    return this.objects.get(key)?.body;
  }

  /** Waits until something holds, looking whenever the source has told something; throws, naming it, when it takes too long. */
  async until(what: string, holds: () => boolean, longestMs = LONGEST_MS): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve, reject) => {
      const end = (): void => {
        clearTimeout(ceiling);
        clearInterval(look);
        this.#changed = () => undefined;
      };
      const check = (): void => {
        if (!holds()) return;
        end();
        resolve();
      };
      const ceiling = setTimeout(() => {
        end();
        reject(new Error(`waited in vain until ${what}: ${JSON.stringify({ turns: this.turns, problems: this.problems.slice(-5), kinds: this.kinds().filter(({ state }) => state !== 'in sync' && state !== 'absent') })}`));
      }, longestMs);
      // some things change without being told, such as how often a kind was listed
      const look = setInterval(check, 200);
      this.#changed = check;
    });
  }

  async untilInSync(): Promise<void> {
    await this.until('everything is in sync', () => this.turns.at(-1) === 'in sync');
  }

  async stop(): Promise<void> {
    await this.#source.stop();
    this.#connection.close();
  }
}

/** What a fresh list of a server holds, as it is and whole, as updates of another source. */
export function updatesOf(apiVersion: string, kind: string, items: readonly JsonObject[]): readonly SourceUpdate[] {
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  return items.map((item) => {
    const { name, namespace = '' } = item['metadata'] as { readonly name: string; readonly namespace?: string };
    const value: Manifest = { kind: 'manifest', apiVersion, objectKind: kind, namespace, name, body: { ...item, apiVersion, kind }, origin: { file: 'list', line: 1 } };
    return { source: 'list', key: `${group}/${kind}/${namespace}/${name}`, value };
  });
}
