import { beforeEach, describe, expect, it } from '@jest/globals';

import { MemoryStore, type Store } from '#store';

import { alice } from '../../../../test/support/controller-world.ts';
import { dockerContainer, dockerHost } from '../../../../test/support/docker-node.ts';
import { MARKER } from '../../../../test/support/kept-secrets.ts';
import type { NodeUpdate } from '../channel/channel-events.ts';
import { NodeClaims } from './node-claims.ts';
import { NodeMemory } from './node-memory.ts';
import { NodeSayings } from './node-sayings.ts';

const web = dockerContainer('a', 1, 'web', 2) as NodeUpdate;
const cache = dockerContainer('a', 1, 'cache', 3) as NodeUpdate;
const host = dockerHost('a', 1) as NodeUpdate;

let known: Set<string>;
let claims: NodeClaims;
let sayings: NodeSayings;

beforeEach(() => {
  known = new Set();
  claims = new NodeClaims(({ key, value }) => {
    if (value === undefined) known.delete(key);
    else known.add(key);
  });
  const decided = { by: alice, at: 1, seq: 1 };
  claims.decide(new Map([['shop', new Map([['a', { value: 'founded', decided }]])]]));
  sayings = new NodeSayings(claims);
});

const keys = (): readonly string[] => [...known].sort();

describe('what a node says when it begins anew', () => {
  beforeEach(() => {
    sayings.take('a', { isFirst: true, updates: [host, web, cache], inSync: ['docker:a'] });
  });

  it('takes nothing away before it has said that this was all', () => {
    sayings.take('a', { isFirst: true, updates: [host], inSync: [] });
    expect(keys()).toEqual(['container/cache', 'container/web', 'host']);
    // once more, in the middle of it
    sayings.take('a', { isFirst: true, updates: [web], inSync: [] });
    sayings.take('a', { isFirst: false, updates: [host], inSync: ['docker:a'] });
    expect(keys()).toEqual(['container/web', 'host']);
  });

  it('takes away what it says is gone', () => {
    sayings.take('a', { isFirst: false, updates: [{ ...web, value: undefined }], inSync: [] });
    expect(keys()).toEqual(['container/cache', 'host']);
  });
});

describe('what a node said to an earlier process', () => {
  const remembered = { node: 'a', peer: '192.0.2.1:40000', updates: [host, web, cache] };

  it('counts until the node has said everything, and is told of', () => {
    sayings.remember(remembered);
    expect([keys(), sayings.unheard]).toEqual([['container/cache', 'container/web', 'host'], ['a']]);
    expect(sayings.diagnostics()).toMatchObject([{ code: 'node-not-heard', subject: 'node a', hint: expect.stringContaining('ringfence nodes remove a') as unknown }]);
    sayings.take('a', { isFirst: true, updates: [web], inSync: [] });
    expect(sayings.unheard).toEqual(['a']);
    sayings.take('a', { isFirst: false, updates: [host], inSync: ['docker:a'] });
    expect([keys(), sayings.unheard, sayings.diagnostics()]).toEqual([['container/web', 'host'], [], []]);
  });

  it('is gone when a person removes the node', () => {
    sayings.remember(remembered);
    sayings.forget('a');
    expect([keys(), sayings.unheard]).toEqual([[], []]);
  });
});

describe('the memory of nodes', () => {
  let store: Store;
  const troubles: string[] = [];
  const open = (): NodeMemory => new NodeMemory({ documents: store.documents, sayingsOf: (node) => claims.sayingsOf(node), onTrouble: (what) => troubles.push(what) });

  beforeEach(() => {
    store = new MemoryStore();
  });

  it('gives back what each node said last, with every address, and nothing of one that says nothing any more', async () => {
    const memory = open();
    memory.connected('a', '[2001:db8::1]:40000');
    for (const update of [host, web]) claims.node('a', update);
    claims.node('b', dockerHost('b', 2));
    for (const node of ['a', 'b']) memory.changed(node);
    await memory.flush();
    claims.node('b', { source: 'docker:b', key: 'host', value: undefined });
    memory.changed('b');
    await memory.flush();
    const read = await open().read();
    expect(read.map(({ node, peer, updates }) => [node, peer, updates.map(({ key }) => key).sort()])).toEqual([['a', '[2001:db8::1]:40000', ['container/web', 'host']]]);
    const pod = read[0]?.updates.flatMap(({ value }) => (value?.kind === 'container' ? [value.pod] : []))[0];
    expect(pod).toEqual(web.value?.kind === 'container' ? web.value.pod : undefined);
    expect(troubles).toEqual([]);
  });

  it('takes more than one document for a node of many containers, and gives up those it needs no more', async () => {
    const memory = open();
    for (let at = 0; at < 2_000; at += 1) claims.node('a', { ...web, key: `container/${String(at)}`, value: web.value?.kind === 'container' ? { ...web.value, pod: { ...web.value.pod, name: `web-${String(at)}`, addresses: [] } } : undefined });
    memory.changed('a');
    await memory.flush();
    expect((await store.documents.list('node-sayings/a/')).length).toBeGreaterThan(2);
    const later = open();
    expect((await later.read())[0]?.updates.length).toBe(2_000);
    for (let at = 1; at < 2_000; at += 1) claims.node('a', { ...web, key: `container/${String(at)}`, value: undefined });
    later.changed('a');
    await later.flush();
    expect((await store.documents.list('node-sayings/a/')).length).toBe(1);
    expect((await open().read())[0]?.updates.length).toBe(1);
  });

  it('keeps no environment and no label that no selector could ask for: passwords stand there', async () => {
    const memory = open();
    claims.node('a', dockerContainer('a', 1, 'db', 4, { env: { PASSWORD: MARKER, DATABASE_URL: `postgres://u:${MARKER}@db/x` }, labels: { 'traefik.http.middlewares.auth.basicauth.users': `admin:$apr1$${MARKER}`, tier: 'back' } }));
    memory.changed('a');
    await memory.flush();
    const kept = JSON.stringify(await store.documents.list(''));
    expect(kept).not.toContain(MARKER);
    expect(kept).toContain('tier');
  });

  it('leaves out what nothing can be made of, and what another node would say', async () => {
    await store.documents.put('node-sayings/a/0', { schema: 1, peer: '', text: 'no sayings' });
    await store.documents.put('node-sayings/b/0', { schema: 2, peer: '', text: '' });
    const memory = open();
    for (const update of [host, web]) claims.node('a', update);
    memory.changed('a');
    await memory.flush();
    const [document] = await store.documents.list('node-sayings/a/0');
    await store.documents.put('node-sayings/c/0', document?.value ?? null);
    expect((await open().read()).map(({ node, updates }) => [node, updates.length])).toEqual([['a', 2], ['c', 0]]);
  });
});
