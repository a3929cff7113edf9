import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { readOptions, storeIn } from './options.ts';
import { placeOfStore } from './store-choice.ts';

const SECRET = 's3cret%20/@:ü';

describe('the password of a Redis store', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ringfence-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function open(args: readonly string[], environment: Readonly<Record<string, string>> = {}): { readonly url: string; readonly place: string } | string {
    const reading = readOptions(args, environment);
    if (reading.kind !== 'options') return reading.kind === 'problem' ? reading.why : reading.kind;
    const choice = storeIn('/state', reading.options);
    return choice.kind === 'redis' ? { url: choice.url, place: placeOfStore(choice) } : choice.kind;
  }

  it.each(['redis://:word@host/0', 'rediss://user:word@[2001:db8::1]:6380'])('is refused on the command line, and not repeated: %s', (url) => {
    const why = open(['--store', url]);
    expect(why).toContain('leave it out of the URL, and give it in RINGFENCE_REDIS_PASSWORD or in a file (--redis-password-file FILE)');
    expect(why).not.toContain('word@');
  });

  it('comes from the environment or a file, whatever is in it, and is in no place that is shown', () => {
    const file = join(folder, 'password');
    writeFileSync(file, `${SECRET}\n`);
    const places: (readonly [readonly string[], Readonly<Record<string, string>>])[] = [
      [['--store', 'redis://ringfence@host:6380/2'], { RINGFENCE_REDIS_PASSWORD: SECRET }],
      [['--store', 'redis://ringfence@host:6380/2', '--redis-password-file', file], {}],
      [[], { RINGFENCE_STORE: 'redis://ringfence@host:6380/2', RINGFENCE_REDIS_PASSWORD_FILE: file }],
    ];
    for (const [args, environment] of places) {
      const opened = open(args, environment);
      if (typeof opened === 'string') throw new Error(opened);
      expect(opened.place).toBe('redis://host:6380/2');
      const { username, password } = new URL(opened.url);
      expect([username, decodeURIComponent(password)]).toEqual(['ringfence', SECRET]);
    }
    // as earlier releases were given it
    expect(open([], { RINGFENCE_STORE: 'redis://:word@host' })).toEqual({ url: 'redis://:word@host', place: 'redis://host' });
    expect(open(['--store', 'redis://host'])).toEqual({ url: 'redis://host', place: 'redis://host' });
  });

  it('is given once, and only where there is something to open with it', () => {
    const file = join(folder, 'password');
    expect(open(['--store', 'redis://host', '--redis-password-file', file], { RINGFENCE_REDIS_PASSWORD: 'x' })).toBe('the password of the store is given in RINGFENCE_REDIS_PASSWORD and --redis-password-file: give it in one of them');
    expect(open([], { RINGFENCE_STORE: 'redis://:word@host', RINGFENCE_REDIS_PASSWORD: 'x' })).toContain('is given in the URL of the store and RINGFENCE_REDIS_PASSWORD');
    expect(open([], { RINGFENCE_REDIS_PASSWORD: 'x' })).toBe('RINGFENCE_REDIS_PASSWORD: the store is sqlite, which has no password');
    expect(open(['--store', 'redis://:word@ host'])).toBe('--store: there are sqlite, memory and redis://…');
  });

  it.each([
    ['is not there', undefined, /no such file/],
    ['is empty', '\n', /on one line and nothing else/],
    ['holds more than one line', 'word\nmore\n', /on one line and nothing else/],
    ['is too large', 'word'.repeat(2_000), /more than 4096 bytes/],
  ])('is not taken from a file that %s, of which nothing is said', (_what, text, why) => {
    const file = join(folder, 'password');
    if (text !== undefined) writeFileSync(file, text);
    let said = '';
    try {
      open(['--store', 'redis://host', '--redis-password-file', file]);
    } catch (error) {
      said = String(error);
    }
    expect(said).toMatch(why);
    expect(said).toContain(file);
    expect(said).not.toContain('word\n');
    expect(said).not.toContain('wordword');
  });
});
