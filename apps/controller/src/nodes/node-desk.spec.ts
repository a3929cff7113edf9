import { Writable } from 'node:stream';

import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';

import { readNodeNews } from '#distribution';
import type { ReviewEntry } from '#review';
import { type DocumentStore, MemoryStore } from '#store';

import { dockerHost } from '../../../../test/support/docker-node.ts';
import type { NodeUpdate } from '../channel/channel-events.ts';
import { NodeDesk } from './node-desk.ts';

interface DeskWorld {
  readonly documents?: DocumentStore;
  readonly now?: () => number;
  readonly told?: (line: { readonly news?: string }) => void;
}

function deskOf({ documents = new MemoryStore().documents, now = () => 10_000, told = () => undefined }: DeskWorld = {}): NodeDesk {
  return new NodeDesk({
    enforcement: { snapshotOf: () => Promise.resolve(undefined) },
    takesFlows: () => true,
    onFlows: () => Promise.resolve(),
    onUpdate: () => undefined,
    onFirstOfProject: () => undefined,
    onInSync: () => undefined,
    onRemembered: () => undefined,
    onForgotten: () => undefined,
    onTrouble: (what, error) => { throw new Error(what, { cause: error }); },
    documents,
    onChange: () => undefined,
    log: pino({ base: null, timestamp: false }, new Writable({ write: (chunk: Buffer, _encoding, done) => { told(JSON.parse(chunk.toString()) as { readonly news?: string }); done(); } })),
    now,
  });
}

const saysItsHost = (desk: NodeDesk): Promise<void> => desk.events().onMetadata('a', { isFirst: true, updates: [dockerHost('a', 1) as NodeUpdate], inSync: ['docker:a'] });
const removal = (seq: number): ReviewEntry => ({ seq, at: 1, event: { kind: 'node-removed', node: 'a', by: { kind: 'person', name: 'alice' } } });

describe('the desk of nodes', () => {
  it('writes a line a second of what a node goes on saying, and each other thing at once', () => {
    const lines: (string | undefined)[] = [];
    let now = 10_000;
    const desk = deskOf({ now: () => now, told: ({ news }) => lines.push(news) });
    const say = (kind: string): void => { desk.events().onReport('n1', readNodeNews({ kind }), {}); };
    for (let at = 0; at < 1_000; at += 1) {
      say('drift');
      say('of its own making');
    }
    say('panic');
    now += 1_000;
    say('drift');
    expect(lines).toEqual(['drift', 'other', 'panic', 'drift']);
  });

  it('forgets a node that is removed, be that the first decision there ever was', async () => {
    const documents = new MemoryStore().documents;
    const desk = deskOf({ documents });
    await desk.remember();
    await saysItsHost(desk);
    expect(desk.claims.sayingsOf('a')).toHaveLength(1);
    desk.decided([removal(1)]);
    expect(desk.claims.sayingsOf('a')).toEqual([]);
    await desk.close();
    expect(await documents.list('node-sayings/')).toEqual([]);
  });

  it('keeps what a node said that was removed before it came back', async () => {
    const documents = new MemoryStore().documents;
    const first = deskOf({ documents });
    await first.remember();
    await saysItsHost(first);
    await first.close();
    const lines: unknown[] = [];
    const second = deskOf({ documents, told: (line) => lines.push(line) });
    second.decided([removal(1)]);
    await second.remember();
    await second.close();
    expect(second.sayings.unheard).toEqual(['a']);
    expect(lines).toEqual([]);
  });
});
