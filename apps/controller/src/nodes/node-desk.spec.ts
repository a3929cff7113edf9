import { Writable } from 'node:stream';

import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';

import { readNodeNews } from '#distribution';
import { MemoryStore } from '#store';

import { NodeDesk } from './node-desk.ts';

describe('the desk of nodes', () => {
  it('writes a line a second of what a node goes on saying, and each other thing at once', () => {
    const lines: string[] = [];
    let now = 10_000;
    const desk = new NodeDesk({
      enforcement: { snapshotOf: () => Promise.resolve(undefined) },
      takesFlows: () => true,
      onFlows: () => Promise.resolve(),
      onUpdate: () => undefined,
      onFirstOfProject: () => undefined,
      onInSync: () => undefined,
      onRemembered: () => undefined,
      onForgotten: () => undefined,
      onTrouble: () => undefined,
      documents: new MemoryStore().documents,
      onChange: () => undefined,
      log: pino({ base: null, timestamp: false }, new Writable({ write: (chunk: Buffer, _encoding, done) => { lines.push((JSON.parse(chunk.toString()) as { readonly news: string }).news); done(); } })),
      now: () => now,
    });
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
});
