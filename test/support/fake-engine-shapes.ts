import { addressFromBits, parseAddress } from '#model';

import type { FakeContainer, FakeEndpoint, FakeNetwork } from './fake-engine-state.ts';

/** As an engine lists a network. */
export function networkShape({ id, name, driver, blocks, options }: FakeNetwork): object {
  return {
    Name: name,
    Id: id,
    Scope: 'local',
    Driver: driver,
    EnableIPv6: blocks.some(({ family }) => family === 6),
    IPAM: { Driver: 'default', Options: null, Config: blocks.map(({ text }) => ({ Subnet: text })) },
    Internal: false,
    Options: options,
    Labels: {},
  };
}

/** As an engine describes a network that is inspected: with who is on it. */
export function networkDetail(network: FakeNetwork, containers: Iterable<FakeContainer>): object {
  const members = [...containers].flatMap(({ id, name, endpoints }) => {
    const endpoint = endpoints.get(network.id);
    if (endpoint?.addresses === undefined) return [];
    const { IPAddress, GlobalIPv6Address, MacAddress } = endpointShape(endpoint, id);
    return [[id, { Name: name, MacAddress, IPv4Address: withLength(network, IPAddress), IPv6Address: withLength(network, GlobalIPv6Address) }]];
  });
  return { ...networkShape(network), Containers: Object.fromEntries(members) as object };
}

function withLength({ blocks }: FakeNetwork, text: string): string {
  const block = blocks.find(({ family }) => (family === 6) === text.includes(':'));
  return text === '' || block === undefined ? '' : `${text}/${String(block.length)}`;
}

/** As an engine describes a container that is inspected. */
export function containerShape(container: FakeContainer): object {
  const { id, name, config, hostConfig, mode, endpoints, status, pid } = container;
  const isRunning = status === 'running';
  return {
    Id: id,
    Name: `/${name}`,
    State: { Status: status, Running: isRunning, Paused: false, Restarting: false, Dead: false, Pid: pid, ExitCode: 0 },
    Config: config,
    HostConfig: { ...hostConfig, NetworkMode: mode },
    NetworkSettings: {
      Ports: isRunning ? ((hostConfig['PortBindings'] as object | undefined) ?? {}) : {},
      Networks: Object.fromEntries([...endpoints.values()].map((endpoint) => [endpoint.network.name, endpointShape(endpoint, id)])),
    },
  };
}

function endpointShape({ network, aliases, addresses }: FakeEndpoint, container: string): { readonly IPAddress: string; readonly GlobalIPv6Address: string; readonly MacAddress: string } & Readonly<Record<string, unknown>> {
  const v4 = addresses?.find((text) => !text.includes(':'));
  const v6 = addresses?.find((text) => text.includes(':'));
  const gatewayOf = (family: 4 | 6): string => {
    const block = network.blocks.find((each) => each.family === family);
    return addresses === undefined || block === undefined ? '' : addressFromBits(family, block.first + 1n).text;
  };
  return {
    NetworkID: network.id,
    EndpointID: addresses === undefined ? '' : `${network.id.slice(0, 32)}${container.slice(0, 32)}`,
    Aliases: network.name === 'bridge' ? null : [...aliases, container.slice(0, 12)],
    Gateway: gatewayOf(4),
    IPAddress: v4 ?? '',
    IPv6Gateway: gatewayOf(6),
    GlobalIPv6Address: v6 ?? '',
    MacAddress: macOf(v4),
  };
}

/** Engines make the MAC of a link from its IPv4 address. */
function macOf(v4: string | undefined): string {
  const bits = v4 === undefined ? undefined : parseAddress(v4)?.bits;
  if (bits === undefined) return '';
  return `02:42:${bits.toString(16).padStart(8, '0').replace(/..(?=.)/g, '$&:')}`;
}
