import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';

import type { Json } from '#model';
import type { Clock } from '#sources/waiting';

import { DockerError } from './docker-error.ts';
import { LineSplitter } from './line-splitter.ts';
import { shown } from './shown-text.ts';

/** What is asked of the engine at once, how long it may take, and how much it may say. */
export const API_LIMITS = {
  connections: 8,
  answerMs: 15_000,
  answerBytes: 64 * 1024 * 1024,
  lineBytes: 1024 * 1024,
} as const;

export interface LineHandlers {
  readonly line: (text: string) => void;
  /** Anything at all arrived. */
  readonly heard: () => void;
  /** A line was too long and is lost. */
  readonly lost: () => void;
}

/** An open stream of lines. `ended` is told once, why; it never rejects. */
export interface LineStream {
  readonly ended: Promise<DockerError>;
  readonly close: () => void;
}

/**
 * The part of the Docker Engine API that a source needs, over the engine's socket.
 *
 * Paths carry no version, so the engine answers in the newest it knows; what is read of it is in
 * all of them since 1.24.
 */
export class DockerApi {
  readonly #socketPath: string;
  readonly #clock: Clock;
  readonly #streams = new Set<() => void>();
  #isClosed = false;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: API_LIMITS.connections });

  constructor(socketPath: string, clock: Clock) {
    this.#socketPath = socketPath;
    this.#clock = clock;
  }

  /** Asks for one thing, whole. */
  async get(path: string): Promise<Json> {
    const bytes = await this.#exchange(path, (response, done, fail) => {
      const parts: Buffer[] = [];
      let length = 0;
      response.on('data', (part: Buffer) => {
        parts.push(part);
        length += part.length;
        if (length > API_LIMITS.answerBytes) fail(new DockerError('too-large', `read ${nameOf(path)}: more than ${String(API_LIMITS.answerBytes)} bytes`));
      });
      response.on('end', () => {
        done(Buffer.concat(parts));
      });
    });
    try {
      return JSON.parse(bytes.toString('utf8')) as Json;
    } catch (error) {
      throw new DockerError('not-understood', `read ${nameOf(path)}: the answer is no JSON`, error);
    }
  }

  /** Whether the engine still answers. */
  async ping(): Promise<void> {
    await this.#exchange('/_ping', (response, done) => {
      response.resume();
      response.on('end', () => {
        done(Buffer.alloc(0));
      });
    });
  }

  /** Opens a stream of lines, and answers when the engine has. */
  async lines(path: string, handlers: LineHandlers): Promise<LineStream> {
    this.#mustBeOpen(path);
    return await new Promise<LineStream>((resolve, reject) => {
      let isOver = false;
      let tellEnd: (why: DockerError) => void = () => undefined;
      const ended = new Promise<DockerError>((tell) => {
        tellEnd = tell;
      });
      const asked = request({ socketPath: this.#socketPath, path, agent: false });
      const over = (why: DockerError): void => {
        if (isOver) return;
        isOver = true;
        cancel();
        this.#streams.delete(close);
        asked.destroy();
        tellEnd(why);
        reject(why);
      };
      const close = (): void => {
        over(closed(path));
      };
      this.#streams.add(close);
      const cancel = this.#clock.after(API_LIMITS.answerMs, () => {
        over(tooSlow(path));
      });
      asked.on('error', (error) => {
        over(unreachable(path, error));
      });
      asked.on('response', (response) => {
        if (isOver) return;
        cancel();
        const why = refusal(path, response);
        if (why !== undefined) {
          over(why);
          return;
        }
        const splitter = new LineSplitter(API_LIMITS.lineBytes, handlers.lost);
        response.on('data', (piece: Buffer) => {
          if (isOver) return;
          handlers.heard();
          for (const line of splitter.push(piece)) handlers.line(line);
        });
        response.on('error', (error) => {
          over(unreachable(path, error));
        });
        response.on('close', () => {
          over(new DockerError('closed', `read ${nameOf(path)}: the engine closed the stream`));
        });
        resolve({ ended, close });
      });
      asked.end();
    });
  }

  /** Ends what is under way; nothing can be asked afterwards. */
  close(): void {
    this.#isClosed = true;
    for (const close of this.#streams) close();
    this.#agent.destroy();
  }

  #mustBeOpen(path: string): void {
    if (this.#isClosed) throw closed(path);
  }

  async #exchange(path: string, read: (response: IncomingMessage, done: (bytes: Buffer) => void, fail: (error: DockerError) => void) => void): Promise<Buffer> {
    this.#mustBeOpen(path);
    let asked: ClientRequest | undefined;
    let cancel: () => void = () => undefined;
    try {
      return await new Promise<Buffer>((resolve, reject) => {
        cancel = this.#clock.after(API_LIMITS.answerMs, () => {
          reject(tooSlow(path));
        });
        asked = request({ socketPath: this.#socketPath, path, agent: this.#agent });
        asked.on('error', (error) => {
          reject(unreachable(path, error));
        });
        asked.on('response', (response) => {
          response.on('error', (error) => {
            reject(unreachable(path, error));
          });
          const why = refusal(path, response);
          if (why !== undefined) {
            response.resume();
            reject(why);
            return;
          }
          read(response, resolve, reject);
        });
        asked.end();
      });
    } catch (error) {
      // an answer that was refused is read to its end, and its connection used again
      if (!(error instanceof DockerError) || (error.code !== 'refused' && error.code !== 'not-found')) asked?.destroy();
      throw error;
    } finally {
      cancel();
    }
  }
}

function refusal(path: string, { statusCode = 0 }: IncomingMessage): DockerError | undefined {
  if (statusCode >= 200 && statusCode < 300) return undefined;
  return new DockerError(statusCode === 404 ? 'not-found' : 'refused', `read ${nameOf(path)}: the engine answered ${String(statusCode)}`);
}

function closed(path: string): DockerError {
  return new DockerError('closed', `read ${nameOf(path)}: closed`);
}

function tooSlow(path: string): DockerError {
  return new DockerError('too-slow', `read ${nameOf(path)}: no answer in ${String(API_LIMITS.answerMs / 1000)} s`);
}

function unreachable(path: string, error: Error & { readonly code?: string }): DockerError {
  return new DockerError('unreachable', `read ${nameOf(path)}: ${shown(error.code ?? error.message)}`, error);
}

// what is asked after the path only lengthens messages
function nameOf(path: string): string {
  return shown(path.split('?')[0] ?? '');
}
