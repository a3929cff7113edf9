import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { EngineBench } from '../contract/engine-contract.ts';

import { EngineControl } from './engine-control.ts';
import { containerShape, networkDetail, networkShape } from './fake-engine-shapes.ts';
import { type FakeContainer, FakeEngineState, type FakeNetwork } from './fake-engine-state.ts';

type Body = Readonly<Record<string, unknown>>;
type Answer = { readonly status: number; readonly body?: unknown };

const START_MS = 200;

/** An engine without containers: it keeps to the API over a real socket, and runs nothing. */
export class FakeEngine implements EngineBench {
  readonly socketPath: string;
  readonly control: EngineControl;
  readonly state = new FakeEngineState();
  /** What was asked, in order. */
  readonly asked: string[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'rf-fake-engine-'));
  readonly #sockets = new Set<Socket>();
  readonly #listeners = new Set<ServerResponse>();
  #server: Server | undefined;

  private constructor() {
    this.socketPath = join(this.#folder, 'docker.sock');
    this.control = new EngineControl(this.socketPath);
    this.state.onEvent = (event) => {
      for (const listener of this.#listeners) listener.write(`${JSON.stringify(event)}\n`);
    };
  }

  static async start(): Promise<FakeEngine> {
    const engine = new FakeEngine();
    await engine.#listen();
    return engine;
  }

  async restart(): Promise<void> {
    for (const container of this.state.containers.values()) this.state.stop(container);
    await this.kill();
  }

  async kill(): Promise<void> {
    this.state.crash();
    await this.#hangUp();
    this.state.events.length = 0;
    this.state.recover();
    await this.#listen();
    for (const container of this.state.containers.values()) {
      if ((container.hostConfig['RestartPolicy'] as { readonly Name?: string } | undefined)?.Name === 'always') await this.state.start(container, 0);
    }
  }

  async close(): Promise<void> {
    await this.#hangUp();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #listen(): Promise<void> {
    const server = createServer((request, response) => {
      void this.#serve(request, response);
    });
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.socketPath, resolve));
  }

  async #hangUp(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://engine');
    this.asked.push(`${request.method ?? ''} ${url.pathname}${url.search}`);
    if (url.pathname === '/events') {
      this.#follow(url, response);
      return;
    }
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const text = Buffer.concat(parts).toString('utf8');
    const { status, body } = await this.#answer(request.method ?? '', url, text === '' ? {} : (JSON.parse(text) as Body));
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  }

  #follow(url: URL, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    const since = url.searchParams.get('since');
    if (since !== null) for (const event of this.state.events) if (Number(event['time']) >= Number(since)) response.write(`${JSON.stringify(event)}\n`);
    this.#listeners.add(response);
    response.on('close', () => this.#listeners.delete(response));
  }

  async #answer(method: string, url: URL, body: Body): Promise<Answer> {
    const [what = '', name = '', action = ''] = url.pathname.slice(1).split('/');
    if (what === '_ping') return { status: 200 };
    if (what === 'info') return { status: 200, body: { Name: 'fake', BridgeNfIptables: true, BridgeNfIp6tables: true } };
    if (what === 'networks') return this.#networks(method, name, action, body);
    if (what !== 'containers') return { status: 404 };
    if (name === 'json') return { status: 200, body: [...this.state.containers.values()].map(({ id }) => ({ Id: id })) };
    if (name === 'create') return this.#create(url.searchParams.get('name') ?? '', body);
    const container = this.state.container(name);
    if (container === undefined) return { status: 404, body: { message: `No such container: ${name}` } };
    return await this.#container(method, container, action, url);
  }

  async #container(method: string, container: FakeContainer, action: string, url: URL): Promise<Answer> {
    const { state } = this;
    if (method === 'DELETE') state.remove(container);
    else if (action === 'json') {
      await container.starting;
      return { status: 200, body: containerShape(container) };
    }
    else if (action === 'start') await state.start(container, START_MS);
    else if (action === 'stop') state.stop(container);
    else if (action === 'restart') {
      state.stop(container);
      await state.start(container, START_MS);
    } else if (action === 'rename') {
      container.name = url.searchParams.get('name') ?? '';
      state.tellContainer(container, 'rename');
    } else return { status: 404 };
    return { status: 204 };
  }

  #create(name: string, body: Body): Answer {
    const { state } = this;
    const hostConfig = (body['HostConfig'] ?? {}) as { readonly NetworkMode?: string };
    const mode = hostConfig.NetworkMode ?? 'default';
    if (state.container(name) !== undefined) return { status: 409, body: { message: 'Conflict' } };
    const sharing = mode.startsWith('container:') ? state.container(mode.slice('container:'.length)) : undefined;
    const container = state.addContainer(name, body, hostConfig, sharing === undefined ? mode : `container:${sharing.id}`);
    const network = sharing === undefined ? state.network(mode === 'default' ? 'bridge' : mode) : undefined;
    const wished = (body['NetworkingConfig'] as { readonly EndpointsConfig?: Readonly<Record<string, { readonly Aliases?: readonly string[] }>> } | undefined)?.EndpointsConfig ?? {};
    if (network !== undefined) state.attach(container, network, wished[network.name]?.Aliases ?? []);
    state.tellContainer(container, 'create');
    return { status: 201, body: { Id: container.id, Warnings: [] } };
  }

  #networks(method: string, name: string, action: string, body: Body): Answer {
    const { state } = this;
    if (name === '') return { status: 200, body: [...state.networks.values()].map(networkShape) };
    if (name === 'create') {
      const blocks = (body['IPAM'] as { readonly Config: readonly { readonly Subnet: string }[] }).Config.map(({ Subnet }) => Subnet);
      const made = state.addNetwork(String(body['Name']), 'bridge', blocks, (body['Options'] ?? {}) as Body);
      state.tellNetwork(made, 'create');
      return { status: 201, body: { Id: made.id } };
    }
    const network: FakeNetwork | undefined = state.network(name);
    if (network === undefined) return { status: 404 };
    if (method === 'GET') return { status: 200, body: networkDetail(network, state.containers.values()) };
    if (method === 'DELETE') {
      state.networks.delete(network.id);
      state.tellNetwork(network, 'destroy');
      return { status: 204 };
    }
    const container = state.container(String(body['Container']));
    if (container === undefined) return { status: 404 };
    if (action === 'connect') state.attach(container, network, (body['EndpointConfig'] as { readonly Aliases?: readonly string[] } | undefined)?.Aliases ?? []);
    else state.detach(container, network);
    return { status: 200 };
  }
}
