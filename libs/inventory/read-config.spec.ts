import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';

import { snapshotFromYaml } from '../../test/support/manifests.ts';

import { base64Bytes, utf8Text } from './base64-text.ts';

describe('secrets', () => {
  const encode = (bytes: string | Uint8Array): string => Buffer.from(bytes).toString('base64');

  it('are decoded where they are text, and never print', () => {
    const snapshot = snapshotFromYaml(`
apiVersion: v1
kind: Secret
metadata:
  name: s
  namespace: shop
  annotations: {kubectl.kubernetes.io/last-applied-configuration: 'has hunter2 in it', other: kept}
data: {url: ${encode('postgres://db:5432/hunter2')}, key: ${encode(Uint8Array.of(0xff, 0xfe, 0))}, broken: "%%", __proto__: ${encode('p')}}
stringData: {plain: hunter3}
`);
    const secret = snapshot.secrets.get('shop/s');
    expect(Object.keys(secret?.data ?? {})).toEqual(['__proto__', 'plain', 'url']);
    expect(secret?.data['url']?.reveal()).toBe('postgres://db:5432/hunter2');
    expect(secret?.annotations).toEqual({ other: 'kept' });
    expect(`${JSON.stringify([...snapshot.secrets])}${inspect({ ...snapshot, pods: [...snapshot.pods] }, { depth: 20 })}`).not.toMatch(/hunter/);
    expect(snapshot.diagnostics).toMatchObject([{ code: 'bad-base64', severity: 'warning' }]);
  });

  it('show nothing of a value that is no text', () => {
    const snapshot = snapshotFromYaml('apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: 31337}\nstringData: {b: 31338}');
    expect(JSON.stringify(snapshot.diagnostics)).not.toMatch(/3133/);
  });

  it.each(['', 'f', 'fo', 'foo', 'föö', '€uro', '\u{1F600} grin', 'a\nb'.repeat(5_000)])('decode %j', (text) => {
    const bytes = base64Bytes(encode(text));
    expect(bytes === undefined ? undefined : utf8Text(bytes)).toBe(text);
  });

  it.each([['a cut sequence', [0xc3]], ['an overlong form', [0xc0, 0x80]], ['a surrogate', [0xed, 0xa0, 0x80]], ['beyond Unicode', [0xf4, 0x90, 0x80, 0x80]], ['a stray byte', [0x80]], ['NUL', [0x61, 0]]])('know that %s is no text', (_name, bytes) => {
    expect(utf8Text(Uint8Array.from(bytes))).toBeUndefined();
  });

  it.each(['a', 'ab*=', '=aaa', 'aa=a'])('know that %j is no base64', (text) => {
    expect(base64Bytes(text)).toBeUndefined();
  });
});

describe('config maps', () => {
  it('hold texts, and numbers as texts', () => {
    const { configMaps, diagnostics } = snapshotFromYaml('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {b: x, a: 1, __proto__: p, n: null}\nbinaryData: {z: AAAA}');
    expect(Object.entries(configMaps.get('default/c')?.data ?? {})).toEqual([['__proto__', 'p'], ['a', '1'], ['b', 'x']]);
    expect(diagnostics.map(({ code }) => code)).toEqual(['not-text']);
  });

  it('are absent when their data is no mapping', () => {
    expect(snapshotFromYaml('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: [a]').configMaps.size).toBe(0);
  });
});
