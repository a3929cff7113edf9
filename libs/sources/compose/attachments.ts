import { type Address, parseAddress } from '#model';

import type { ComposeModel } from './compose-model.ts';
import { type LocatedMap, entriesOf, entryOf, itemsOf, originOf, textOf } from './located-node.ts';
import { shown } from './plain-text.ts';
import type { Report } from './project-reading.ts';

/** How a service hangs on networks. */
export interface Attachments {
  /** Names as the file has them; empty for `none`, `host` and another's network. */
  readonly networks: readonly string[];
  readonly aliases: readonly string[];
  readonly addresses: readonly Address[];
  readonly isHost: boolean;
  /** The service whose network is shared, or undefined. */
  readonly networkOf: string | undefined;
}

/** Reads `networks` and `network_mode`; a service that says nothing is on the network `default`. */
export function readAttachments(service: LocatedMap, model: ComposeModel, subject: string, report: Report): Attachments {
  const mode = textOf(entryOf(service, 'network_mode'));
  const none: Attachments = { networks: [], aliases: [], addresses: [], isHost: false, networkOf: undefined };
  if (mode === 'none') return none;
  if (mode === 'host') return { ...none, isHost: true };
  if (mode?.startsWith('service:') === true) return { ...none, networkOf: mode.slice('service:'.length) };
  if (mode?.startsWith('container:') === true) return { ...none, networkOf: serviceOfContainer(mode.slice('container:'.length), model) };
  if (mode !== undefined && mode !== '') return { ...none, networks: [mode] };
  const attached = entriesOf(entryOf(service, 'networks'));
  if (attached.size === 0) return { ...none, networks: ['default'] };
  const aliases: string[] = [];
  const addresses: Address[] = [];
  for (const [network, node] of attached) {
    if (network !== 'default' && !model.networks.has(network))
      report({
        code: 'compose-reference-missing',
        severity: 'warning',
        subject,
        message: `is on the network ${shown(network)}, which is not defined`,
        hint: 'define it under the top-level networks',
        origin: originOf(node),
      });
    aliases.push(...itemsOf(entryOf(node, 'aliases')).flatMap((alias) => textOf(alias) ?? []));
    for (const key of ['ipv4_address', 'ipv6_address']) {
      const text = textOf(entryOf(node, key));
      const address = text === undefined ? undefined : parseAddress(text);
      if (address !== undefined) addresses.push(address);
      else if (text !== undefined && text !== '')
        report({
          code: 'compose-address-invalid',
          severity: 'warning',
          subject,
          message: `has a static address that is none: ${shown(text)}`,
          hint: 'write an IPv4 or IPv6 address; it is left out',
          origin: originOf(node),
        });
    }
  }
  return { ...none, networks: [...attached.keys()].sort(), aliases, addresses };
}

function serviceOfContainer(container: string, model: ComposeModel): string | undefined {
  for (const [name, service] of model.services) if (textOf(entryOf(service, 'container_name')) === container) return name;
  return undefined;
}
