import { request } from 'node:http';

export interface ContainerWish {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Networks by name with the aliases there; none: the engine's own first bridge. */
  readonly networks?: Readonly<Record<string, readonly string[]>>;
  readonly mode?: string;
  readonly command?: readonly string[];
  /** `80/tcp` ─► port of the host. */
  readonly published?: Readonly<Record<string, number>>;
  readonly environment?: readonly string[];
  readonly restarts?: boolean;
}

export interface NetworkWish {
  readonly name: string;
  readonly blocks: readonly string[];
  readonly bridge?: string;
}

/** Makes, changes and takes away what an engine runs, over the API of any engine. */
export class EngineControl {
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  async isReady(): Promise<boolean> {
    try {
      await this.call('GET', '/_ping');
      return true;
    } catch {
      return false;
    }
  }

  /** An image that is this archive of a root file system. */
  async importImage(name: string, archive: Uint8Array): Promise<void> {
    await this.call('POST', `/images/create?fromSrc=-&repo=${name}`, archive);
  }

  async makeNetwork({ name, blocks, bridge }: NetworkWish): Promise<string> {
    const answer = await this.call('POST', '/networks/create', {
      Name: name,
      Driver: 'bridge',
      EnableIPv6: blocks.some((block) => block.includes(':')),
      IPAM: { Config: blocks.map((Subnet) => ({ Subnet })) },
      Options: bridge === undefined ? {} : { 'com.docker.network.bridge.name': bridge },
    });
    return idIn(answer);
  }

  async removeNetwork(name: string): Promise<void> {
    await this.call('DELETE', `/networks/${name}`);
  }

  /** Makes a container and starts it; the answer is its id. */
  async run(wish: ContainerWish): Promise<string> {
    const id = await this.create(wish);
    await this.start(id);
    return id;
  }

  async create({ name, labels = {}, networks = {}, mode, command = ['sleep', '100000'], published = {}, environment = [], restarts = false }: ContainerWish): Promise<string> {
    const [first, ...others] = Object.entries(networks);
    const bindings = Object.fromEntries(Object.entries(published).map(([port, host]) => [port, [{ HostPort: String(host) }]]));
    const answer = await this.call('POST', `/containers/create?name=${name}`, {
      Image: 'box',
      Cmd: command,
      Env: environment,
      Labels: labels,
      // a first process that has set no handler never gets a gentler one
      StopSignal: 'SIGKILL',
      ExposedPorts: Object.fromEntries(Object.keys(published).map((port) => [port, {}])),
      HostConfig: { NetworkMode: mode ?? first?.[0] ?? 'default', PortBindings: bindings, RestartPolicy: { Name: restarts ? 'always' : 'no' } },
      ...(first === undefined ? {} : { NetworkingConfig: { EndpointsConfig: { [first[0]]: { Aliases: first[1] } } } }),
    });
    const id = idIn(answer);
    for (const [network, aliases] of others) await this.connect(network, id, aliases);
    return id;
  }

  async start(container: string): Promise<void> {
    await this.call('POST', `/containers/${container}/start`);
  }

  async stop(container: string): Promise<void> {
    await this.call('POST', `/containers/${container}/stop?t=0`);
  }

  async restart(container: string): Promise<void> {
    await this.call('POST', `/containers/${container}/restart?t=0`);
  }

  async rename(container: string, name: string): Promise<void> {
    await this.call('POST', `/containers/${container}/rename?name=${name}`);
  }

  async remove(container: string): Promise<void> {
    await this.call('DELETE', `/containers/${container}?force=1&v=1`);
  }

  async connect(network: string, container: string, aliases: readonly string[] = []): Promise<void> {
    await this.call('POST', `/networks/${network}/connect`, { Container: container, EndpointConfig: { Aliases: aliases } });
  }

  async disconnect(network: string, container: string): Promise<void> {
    await this.call('POST', `/networks/${network}/disconnect`, { Container: container, Force: true });
  }

  /** Takes away every container, and every network that is not the engine's own. */
  async clear(): Promise<void> {
    const containers = (await this.call('GET', '/containers/json?all=1')) as readonly { readonly Id: string }[];
    for (const { Id } of containers) await this.remove(Id);
    const networks = (await this.call('GET', '/networks')) as readonly { readonly Name: string }[];
    for (const { Name } of networks) if (!['bridge', 'host', 'none'].includes(Name)) await this.removeNetwork(Name);
  }

  /** One exchange; throws with what the engine said where it refuses. */
  async call(method: string, path: string, body?: object | Uint8Array): Promise<unknown> {
    const isRaw = body instanceof Uint8Array;
    return await new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { 'content-type': isRaw ? 'application/x-tar' : 'application/json' };
      const asked = request({ socketPath: this.#socketPath, method, path, headers, agent: false }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(parts).toString('utf8');
          const status = response.statusCode ?? 0;
          if (status >= 400) reject(new Error(`${method} ${path}: ${String(status)} ${text.trim()}`));
          else resolve(response.headers['content-type']?.startsWith('application/json') === true && !isRaw && text !== '' ? (JSON.parse(text) as unknown) : undefined);
        });
      });
      asked.on('error', reject);
      asked.end(body === undefined ? undefined : isRaw ? body : JSON.stringify(body));
    });
  }
}

function idIn(answer: unknown): string {
  const { Id } = answer as { readonly Id?: string };
  if (Id === undefined) throw new Error('the engine made something without telling its id');
  return Id;
}
