import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { makeBundle } from '../../test/support/node-bundles.ts';
import { readBundle, writeBundle } from './bundle-file.ts';
import { BundleStore } from './bundle-store.ts';

const bundle = makeBundle({ pods: 5, peers: 40, profiles: 3 });

describe('a bundle as text', () => {
  it('reads back as it was written', () => {
    expect(readBundle(writeBundle(bundle))).toEqual({ kind: 'bundle', bundle });
  });

  it('writes a set once, and it is one set again', () => {
    const [first] = bundle.profiles;
    const twice = { ...bundle, pods: [], profiles: [first!, { ...first!, name: 'i_other' }] };
    const text = writeBundle(twice);
    expect(text.split('"10.128.0.3"').length).toBe(2);
    const reading = readBundle(text);
    const sets = reading.kind === 'bundle' ? reading.bundle.profiles.map(({ namespaced }) => namespaced[0]?.matches[0]) : [];
    expect(sets[0]).toHaveProperty('peer');
    expect((sets[0] as { peer: unknown }).peer).toBe((sets[1] as { peer: unknown }).peer);
  });

  it('carries hostile names as they are', () => {
    const hostile = { ...bundle, node: '__proto__', pods: [{ ...bundle.pods[0]!, pod: `a\n"};\u001b[31m/${'x'.repeat(10_000)}` }] };
    expect(readBundle(writeBundle(hostile))).toEqual({ kind: 'bundle', bundle: hostile });
  });

  const text = writeBundle(bundle);
  it.each<[string, string]>([
    ['empty', ''],
    ['something else', '{"node":"a"}\n'],
    ['cut short', text.slice(0, -30)],
    ['one byte different', text.replace('10.128.0.1', '10.128.0.9')],
    ['longer', `${text} `],
    ['another format', text.replace('bundle 1', 'bundle 2')],
  ])('is refused where it is %s', (_what, damaged) => {
    expect(readBundle(damaged)).toMatchObject({ kind: 'refused', why: expect.stringMatching(/./) });
  });

  it.each<[string, object, string]>([
    ['no node', { node: '' }, 'it names no node'],
    ['a revision that is none', { revision: -1 }, 'its revision is no number'],
    ['a hash with spaces', { hash: 'a b' }, 'its hash is none'],
    ['blocks that are no texts', { local4: [1] }, 'local4 is no list of texts'],
    ['a pod of an unknown profile', { pods: [{ ...bundle.pods[0], ingress: 'i_none' }] }, 'pod "team/pod-0" follows a profile that is not there'],
    ['an address that is none', { contested: [{ family: 4, text: '10.0.0.256', bits: 1n }] }, 'contested is no list of addresses'],
    ['a profile that cannot be a chain', { profiles: [{ ...bundle.profiles[0], name: 'a; flush ruleset' }] }, 'a profile has no usable name'],
    ['a rule that does nothing', { profiles: [{ ...bundle.profiles[0], admin: [{}] }] }, 'profile i_app_0000 has a rule of tier admin that is none'],
  ])('is refused with %s', (_what, wrong, why) => {
    expect(readBundle(writeBundle({ ...bundle, ...wrong }))).toEqual({ kind: 'refused', why });
  });
});

describe('the store of the last bundle', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rf-store-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('has none at first, then the last one saved, and nothing beside it', () => {
    const store = new BundleStore(join(folder, 'deep', 'bundle'));
    expect(store.load()).toEqual({ kind: 'none' });
    store.save({ ...bundle, revision: 7 });
    store.save(bundle);
    expect(store.load()).toEqual({ kind: 'bundle', bundle });
    expect(readdirSync(join(folder, 'deep'))).toEqual(['bundle']);
  });

  it('is not held up by what a process that died in between left', () => {
    const path = join(folder, 'bundle');
    writeFileSync(`${path}.new`, 'half');
    new BundleStore(path).save(bundle);
    expect(new BundleStore(path).load()).toEqual({ kind: 'bundle', bundle });
  });

  it('refuses a damaged file, and says so', () => {
    const path = join(folder, 'bundle');
    const store = new BundleStore(path);
    store.save(bundle);
    truncateSync(path, readFileSync(path).length >> 1);
    expect(store.load()).toMatchObject({ kind: 'refused', diagnostic: { code: 'bundle-file-refused', subject: path } });
  });
});
