/**
 * One way a rule may match, as words of iptables. A rule whose elements are said by rules, as ports
 * are, has several, of which a packet meets one at most.
 */
export interface Alternative {
  readonly protocol?: string;
  readonly words: readonly string[];
}

/** Narrows every alternative by each of these; what asks for two protocols at once matches nothing. */
export function narrow(alternatives: readonly Alternative[], by: readonly Alternative[]): readonly Alternative[] {
  return alternatives.flatMap((each) =>
    by.flatMap(({ protocol = each.protocol, words }) => {
      if (each.protocol !== undefined && each.protocol !== protocol) return [];
      return [{ ...(protocol === undefined ? {} : { protocol }), words: [...each.words, ...words] }];
    }),
  );
}

export function only(...words: readonly string[]): readonly Alternative[] {
  return [{ words }];
}

const MOST_SLOTS = 15;

/** Ports such as `tcp . 80` or `udp . 1000-2000`, as few alternatives as multiport allows. */
export function portAlternatives(elements: Iterable<string>, side: 'sport' | 'dport'): readonly Alternative[] {
  const byProtocol = new Map<string, string[]>();
  for (const element of elements) {
    const [protocol = '', range = ''] = element.split(' . ');
    byProtocol.set(protocol, [...(byProtocol.get(protocol) ?? []), range.replace('-', ':')]);
  }
  return [...byProtocol].flatMap(([protocol, ports]) => chunks(ports).map((chunk) => ({ protocol, words: ['-m', 'multiport', `--${side}s`, chunk.join(',')] })));
}

function chunks(ports: readonly string[]): readonly (readonly string[])[] {
  const found: string[][] = [];
  let left = 0;
  for (const port of ports) {
    const slots = port.includes(':') ? 2 : 1;
    if (left < slots) {
      found.push([]);
      left = MOST_SLOTS;
    }
    found.at(-1)?.push(port);
    left -= slots;
  }
  return found;
}
