import { writePlain } from '#distribution';
import { compareText, isJsonObject, type Json, type SourceUpdate } from '#model';
import type { DocumentStore } from '#store';

import { readNodeMetadata } from '../channel/node-metadata-reading.ts';
import { rememberedSaying } from './remembered-saying.ts';
import type { NodeValue } from './saying.ts';

/** One document for each node and part: `node-sayings/NODE/0`. */
const PREFIX = 'node-sayings/';
const SCHEMA = 1;
const LARGEST_PART = 500_000;
const WRITE_AFTER_MS = 2_000;

/** What a node said before this process began. */
export interface RememberedNode {
  readonly node: string;
  /** Where it spoke from last, as the channel names its peers. */
  readonly peer: string;
  readonly updates: readonly SourceUpdate[];
}

export interface NodeMemoryOptions {
  readonly documents: DocumentStore;
  /** What the node says now. */
  readonly sayingsOf: (node: string) => readonly SourceUpdate[];
  readonly onTrouble: (what: string, error: unknown) => void;
}

/**
 * What nodes say, beyond the end of the process: a controller that begins again must not take their
 * workloads for gone before they have spoken. Each replica keeps what the nodes say that call it.
 */
export class NodeMemory {
  readonly #options: NodeMemoryOptions;
  readonly #peers = new Map<string, string>();
  /** How many parts each node has. */
  readonly #parts = new Map<string, number>();
  readonly #waiting = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: NodeMemoryOptions) {
    this.#options = options;
  }

  /** Sorted by node. What nothing can be made of is left out. */
  async read(): Promise<readonly RememberedNode[]> {
    const nodes = new Map<string, { readonly peer: string; readonly updates: SourceUpdate[] }>();
    for (const { name, value } of await this.#options.documents.list(PREFIX)) {
      const node = name.slice(PREFIX.length, name.lastIndexOf('/'));
      this.#parts.set(node, Math.max(this.#parts.get(node) ?? 0, 1 + Number(name.slice(name.lastIndexOf('/') + 1))));
      const part = partOf(value);
      const read = part && readNodeMetadata(part.text, node);
      if (part === undefined || read?.kind !== 'metadata') continue;
      const known = nodes.get(node) ?? { peer: part.peer, updates: [] };
      nodes.set(node, known);
      known.updates.push(...read.metadata.updates);
    }
    for (const [node, { peer }] of nodes) this.#peers.set(node, peer);
    return [...nodes].map(([node, { peer, updates }]) => ({ node, peer, updates })).sort((a, b) => compareText(a.node, b.node));
  }

  connected(node: string, peer: string): void {
    this.#peers.set(node, peer);
  }

  /** The node says something else: it is written down before long. */
  changed(node: string): void {
    this.#waiting.add(node);
    this.#timer ??= setTimeout(() => {
      void this.flush();
    }, WRITE_AFTER_MS);
  }

  /** Writes what is not written yet. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const nodes = [...this.#waiting];
    this.#waiting.clear();
    this.#writing = this.#writing.then(async () => {
      for (const node of nodes) {
        await this.#write(node).catch((error: unknown) => {
          this.#options.onTrouble(`remember what node ${node} says`, error);
        });
      }
    });
    return this.#writing;
  }

  async #write(node: string): Promise<void> {
    const { documents, sayingsOf } = this.#options;
    const texts = partsOf(sayingsOf(node));
    const peer = this.#peers.get(node) ?? '';
    for (const [at, text] of texts.entries()) await documents.put(`${PREFIX}${node}/${String(at)}`, { schema: SCHEMA, peer, text });
    for (let at = texts.length; at < (this.#parts.get(node) ?? 0); at += 1) await documents.remove(`${PREFIX}${node}/${String(at)}`);
    this.#parts.set(node, texts.length);
  }
}

/** As a node would say it itself, in texts of bounded length. */
function partsOf(sayings: readonly SourceUpdate[]): readonly string[] {
  const parts: string[][] = [];
  let length = LARGEST_PART;
  for (const { source, key, value } of sayings) {
    if (value === undefined) continue;
    const text = writePlain({ source, key, value: rememberedSaying(value as NodeValue) });
    if (length + text.length > LARGEST_PART) {
      parts.push([]);
      length = 0;
    }
    parts.at(-1)?.push(text);
    length += text.length;
  }
  return parts.map((texts) => `{"isFirst":false,"updates":[${texts.join()}],"inSync":[]}`);
}

function partOf(value: Json): { readonly peer: string; readonly text: string } | undefined {
  if (!isJsonObject(value) || value['schema'] !== SCHEMA) return undefined;
  const { peer, text } = value;
  return typeof peer === 'string' && typeof text === 'string' ? { peer, text } : undefined;
}
