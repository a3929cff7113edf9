import type { Diagnostic, Pod } from '#model';
import { podKey } from '#model';

/** Whether the pod has addresses that are its alone: a finished one gave them back, a host-network one never had any. */
export function holdsAddresses(pod: Pod): boolean {
  return !pod.hostNetwork && pod.phase !== 'finished';
}

/** Which pods hold which address, kept while pods come and go. */
export class AddressHolders {
  readonly #holders = new Map<string, Pod | readonly Pod[]>();
  #contested = 0;

  constructor(pods: Iterable<Pod>) {
    for (const pod of pods) this.add(pod);
  }

  /** How many addresses two pods (or more) hold now. */
  get contested(): number {
    return this.#contested;
  }

  add(pod: Pod): void {
    if (!holdsAddresses(pod)) return;
    for (const { text } of pod.addresses) {
      const holders = this.#of(text);
      if (holders.length === 1) this.#contested += 1;
      this.#holders.set(text, holders.length === 0 ? pod : [...holders, pod]);
    }
  }

  remove(pod: Pod): void {
    if (!holdsAddresses(pod)) return;
    for (const { text } of pod.addresses) {
      const holders = this.#of(text);
      const rest = holders.filter((holder) => holder !== pod);
      if (holders.length === 2 && rest.length === 1) this.#contested -= 1;
      if (rest.length === 0) this.#holders.delete(text);
      else this.#holders.set(text, rest.length === 1 && rest[0] !== undefined ? rest[0] : rest);
    }
  }

  /** One diagnostic for each pod that holds an address another holds as well; the first by name is not to blame. */
  diagnostics(): readonly Diagnostic[] {
    if (this.#contested === 0) return [];
    return [...this.#holders].flatMap(([text, holders]) => (isPod(holders) ? [] : contested(text, holders)));
  }

  #of(text: string): readonly Pod[] {
    const holders = this.#holders.get(text);
    if (holders === undefined) return [];
    return isPod(holders) ? [holders] : holders;
  }
}

function isPod(holders: Pod | readonly Pod[]): holders is Pod {
  return !Array.isArray(holders);
}

function contested(text: string, holders: readonly Pod[]): readonly Diagnostic[] {
  const [first, ...others] = [...holders].sort((a, b) => (podKey(a) < podKey(b) ? -1 : 1));
  if (first === undefined) return [];
  return others.map((pod) => ({
    code: 'address-held-twice',
    severity: 'warning',
    subject: `Pod ${podKey(pod)}`,
    message: `has the address ${text}, which Pod ${podKey(first)} has as well`,
    hint: 'one of the two is out of date; read the pods again',
    origin: pod.origin,
  }));
}
