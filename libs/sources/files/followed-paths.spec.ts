import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { repositoryRoot } from '../../../test/support/shared.ts';
import { FollowedPaths, GONE_MS, type PathsLook } from './followed-paths.ts';
import { readPaths } from './read-paths.ts';

const pod = (name: string): string => `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name} }\n`;
const compose = (...services: readonly string[]): string => `services:\n${services.map((name) => `  ${name}: { image: ${name} }\n`).join('')}`;
const BOMB = `a: &a [x, x, x, x, x, x, x, x, x, x]\n${Array.from({ length: 8 }, (_, at) => `${'bcdefghi'.charAt(at)}: &${'bcdefghi'.charAt(at)} [${`*${'abcdefgh'.charAt(at)}, `.repeat(10)}]\n`).join('')}`;

let folder: string;
let followed: FollowedPaths;
/** How far the clock is ahead of the system's: what was written is old then. */
let ahead: number;

function write(name: string, text: string): void {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** A look when what was written has been there for a while. */
function look(): PathsLook {
  ahead += 1_000;
  return followed.look(Date.now() + ahead);
}

/** Looks until what is gone is gone, and nothing is looked at again. */
function settled(): PathsLook {
  for (let looks = 0; looks < 20; looks += 1) {
    const found = look();
    if (found.isSettled) return found;
  }
  throw new Error('it never settles');
}

function said({ updates }: PathsLook): readonly string[] {
  return updates.map(({ value }) => (value?.kind === 'compose-project' ? `${value.name}: ${value.workloads.map(({ ref }) => ref.name).join()}` : value?.kind === 'manifest' ? value.name : '')).sort();
}

function unread({ unread: paths }: PathsLook): readonly string[] {
  return paths.map(({ path, why, isKept }) => `${path.slice(folder.length + 1)}:${String(why.origin?.line)} ${why.code}${isKept ? '' : ', unknown'}`);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringfence-followed-'));
  followed = new FollowedPaths([folder]);
  ahead = 0;
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('files that are followed', () => {
  it.each<[string, string, string]>([
    ['half saved', `${pod('a')}---\napiVersion: v1\nkind: Pod\nmetadata: { name: b`, 'broken-yaml'],
    ['in conflict', `<<<<<<< ours\n${pod('a')}=======\n${pod('c')}>>>>>>> theirs\n`, 'broken-yaml'],
    ['emptied', '', 'empty-file'],
    ['no text', '\u0000\u0001', 'not-text'],
    ['a bomb of aliases', `${pod('a')}${BOMB}`, 'alias-bomb'],
    ['nested without end', `${pod('a')}spec: ${'['.repeat(2_000)}`, 'too-deep'],
  ])('say what they said last while one of them is %s, and the others go on', (_what, text, code) => {
    write('app.yaml', `${pod('a')}---\n${pod('b')}`);
    write('other.yaml', pod('c'));
    expect(said(settled())).toEqual(['a', 'b', 'c']);
    write('app.yaml', text);
    write('other.yaml', pod('d'));
    const broken = settled();
    expect(said(broken)).toEqual(['a', 'b', 'd']);
    expect(unread(broken)).toEqual([expect.stringMatching(new RegExp(`^app\\.yaml:\\d+ ${code}$`))]);
    write('app.yaml', pod('e'));
    const mended = settled();
    expect(said(mended)).toEqual(['d', 'e']);
    expect(unread(mended)).toEqual([]);
  });

  it('name the line of what is wrong', () => {
    write('app.yaml', pod('a'));
    settled();
    write('app.yaml', `${pod('a')}spec:\n  containers: [\n`);
    expect(unread(settled())).toEqual(['app.yaml:6 broken-yaml']);
  });

  it('say what they said last while one is larger than is read', () => {
    write('app.yaml', pod('a'));
    settled();
    truncateSync(join(folder, 'app.yaml'), 65 * 1024 * 1024);
    const look = settled();
    expect([said(look), unread(look)]).toEqual([['a'], ['app.yaml:1 unreadable']]);
  });

  it('are left alone while they are written', () => {
    write('app.yaml', `${pod('a')}---\n${pod('b')}`);
    settled();
    // cut off where it can be read, as an editor leaves it for a moment
    write('app.yaml', pod('a'));
    const now = followed.look(Date.now());
    expect([said(now), now.isSettled]).toEqual([['a', 'b'], false]);
    write('app.yaml', `${pod('a')}---\n${pod('b')}---\n${pod('c')}`);
    expect(said(settled())).toEqual(['a', 'b', 'c']);
  });

  it('say what can be read of one that never could be in full, and that the rest is not known', () => {
    write('app.yaml', `${pod('a')}---\nmetadata: { name: b`);
    const first = settled();
    expect([said(first), unread(first)]).toEqual([['a'], [expect.stringMatching(/^app\.yaml:\d+ broken-yaml, unknown$/)]]);
    write('app.yaml', 'metadata: { name: b');
    expect(said(settled())).toEqual(['a']);
  });

  it('are gone when they are deleted, but not for a moment', () => {
    write('app.yaml', pod('a'));
    write('other.yaml', pod('b'));
    settled();
    unlinkSync(join(folder, 'app.yaml'));
    const first = look();
    expect([said(first), first.isSettled]).toEqual([['a', 'b'], false]);
    // saved by an editor that takes the old one away first
    write('app.yaml', pod('c'));
    expect(said(settled())).toEqual(['b', 'c']);
    unlinkSync(join(folder, 'app.yaml'));
    const last = settled();
    expect([said(last), unread(last)]).toEqual([['b'], []]);
    expect(ahead).toBeGreaterThan(GONE_MS);
  });

  it('are the same under another name, also one that is broken there', () => {
    write('app.yaml', pod('a'));
    write('compose/compose.yaml', compose('web'));
    settled();
    renameSync(join(folder, 'app.yaml'), join(folder, 'moved.yaml'));
    renameSync(join(folder, 'compose', 'compose.yaml'), join(folder, 'compose', 'docker-compose.yaml'));
    for (let looks = 0; looks < 8; looks += 1) {
      const now = look();
      expect([said(now), now.diagnostics]).toEqual([['a', 'compose: web'], []]);
    }
    expect(settled().saying.map((path) => path.slice(folder.length + 1))).toEqual(['compose/docker-compose.yaml', 'moved.yaml']);
    renameSync(join(folder, 'moved.yaml'), join(folder, 'again.yaml'));
    write('again.yaml', 'kind: [');
    const broken = settled();
    expect([said(broken), unread(broken)]).toEqual([['a', 'compose: web'], [expect.stringMatching(/^again\.yaml:\d broken-yaml$/)]]);
  });

  it('that say what another says are told of once, and of a move nothing is said', () => {
    write('a.yaml', pod('a'));
    settled();
    write('b.yaml', pod('a'));
    expect(settled().diagnostics.map(({ code }) => code)).toEqual(['defined-twice']);
    unlinkSync(join(folder, 'a.yaml'));
    expect(look().diagnostics).toEqual([]);
  });
});

it('folders where all can be read say what they say to whoever reads them once', () => {
  const examples = join(repositoryRoot, 'policies', 'examples');
  const once = readPaths([examples], { readStdin: () => '' });
  const { updates, projects, diagnostics, unread: nothing } = new FollowedPaths([examples]).look(Date.now() + 10_000);
  expect(updates.length).toBeGreaterThan(50);
  expect({ updates, projects, diagnostics, nothing }).toEqual({ ...once, nothing: [] });
});

describe('Compose files that are followed', () => {
  it.each<[string, string, string]>([
    ['half saved', 'services:\n  web: { image: web }\n  db: {', 'yaml-invalid'],
    ['cut off', 'services:\n  web: { image: web }\n  cache:\n', 'compose-invalid'],
    ['emptied', '', 'empty-file'],
    ['a bomb of aliases', `${compose('web')}${BOMB.replaceAll(/^(\w): /gm, 'x-$1: ')}`, 'yaml-too-large'],
    ['repeating a key', `${compose('web')}${compose('db')}`, 'yaml-duplicate-key'],
  ])('say what they said last while one is %s, and recover', (_what, text, code) => {
    write('app/compose.yaml', compose('web', 'db'));
    write('app/compose.override.yaml', 'services:\n  db: { networks: [back] }\nnetworks: { back: {} }\n');
    write('other/compose.yaml', compose('proxy'));
    expect(said(settled())).toEqual(['app: db,web', 'other: proxy']);
    write('app/compose.yaml', text);
    write('other/compose.yaml', compose('proxy', 'cache'));
    const broken = settled();
    expect(said(broken)).toEqual(['app: db,web', 'other: cache,proxy']);
    expect(unread(broken)).toEqual([expect.stringMatching(new RegExp(`^app/compose\\.yaml:\\d+ ${code}$`))]);
    write('app/compose.yaml', compose('web'));
    const mended = settled();
    expect([said(mended), unread(mended)]).toEqual([['app: db,web', 'other: cache,proxy'], []]);
  });

  it('are a project without the file that was deleted, when it has been away for a while', () => {
    write('app/compose.yaml', compose('web'));
    write('app/compose.override.yaml', compose('db'));
    expect(said(settled())).toEqual(['app: db,web']);
    unlinkSync(join(folder, 'app', 'compose.override.yaml'));
    expect(said(look())).toEqual(['app: db,web']);
    expect(said(settled())).toEqual(['app: web']);
    rmSync(join(folder, 'app'), { recursive: true });
    expect(said(look())).toEqual(['app: web']);
    expect(said(settled())).toEqual([]);
  });
});

describe('folders that are followed', () => {
  const sub = (): string => join(folder, 'mount');

  it('take nothing away when what was named is missing, and go on when it is back', () => {
    const path = join(folder, 'named');
    write('named/app.yaml', pod('a'));
    write('beside/other.yaml', pod('b'));
    followed = new FollowedPaths([path, join(folder, 'beside')]);
    settled();
    renameSync(path, `${path}-elsewhere`);
    write('beside/other.yaml', pod('c'));
    const missing = settled();
    expect([said(missing), unread(missing)]).toEqual([['a', 'c'], ['named:1 no-such-path']]);
    mkdirSync(path);
    const empty = settled();
    expect([said(empty), unread(empty)]).toEqual([['a', 'c'], ['named:1 folder-replaced']]);
    write('named/another.yaml', pod('d'));
    const back = settled();
    expect([said(back), unread(back)]).toEqual([['c', 'd'], []]);
  });

  it('are empty when every file is taken out of them', () => {
    write('app.yaml', pod('a'));
    settled();
    unlinkSync(join(folder, 'app.yaml'));
    expect(said(settled())).toEqual([]);
  });

  it('take nothing away when a link leads nowhere any more', () => {
    write('.releases/1/app.yaml', pod('a'));
    symlinkSync('.releases/1', join(folder, 'current'));
    settled();
    renameSync(join(folder, '.releases'), join(folder, '.gone'));
    const broken = settled();
    expect([said(broken), unread(broken)]).toEqual([['a'], ['current:1 link-leads-nowhere']]);
    renameSync(join(folder, '.gone'), join(folder, '.releases'));
    expect([said(settled()), unread(settled())]).toEqual([['a'], []]);
  });

  it('follow what a ConfigMap puts in place of its files', () => {
    write('..2026_1/app.yaml', pod('a'));
    symlinkSync('..2026_1', join(folder, '..data'));
    symlinkSync('..data/app.yaml', join(folder, 'app.yaml'));
    expect(said(settled())).toEqual(['a']);
    write('..2026_2/app.yaml', pod('b'));
    symlinkSync('..2026_2', join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    rmSync(join(folder, '..2026_1'), { recursive: true });
    expect(said(settled())).toEqual(['b']);
  });

  const canMount = process.getuid?.() === 0 && process.platform === 'linux';
  (canMount ? it : it.skip)(canMount ? 'take nothing away when a file system in them is unmounted' : 'take nothing away when a file system in them is unmounted (skipped: only root can mount)', () => {
    mkdirSync(sub());
    const mount = (): boolean => spawnSync('mount', ['-t', 'tmpfs', 'none', sub()]).status === 0;
    if (!mount()) return;
    try {
      write('mount/deep/app.yaml', pod('a'));
      write('other.yaml', pod('b'));
      expect(said(settled())).toEqual(['a', 'b']);
      expect(spawnSync('umount', [sub()]).status).toBe(0);
      const away = settled();
      expect([said(away), unread(away)]).toEqual([['a', 'b'], ['mount:1 folder-replaced']]);
      mount();
      write('mount/deep/app.yaml', pod('c'));
      expect(said(settled())).toEqual(['b', 'c']);
      // taken out of the file system that is there
      unlinkSync(join(sub(), 'deep', 'app.yaml'));
      expect(said(settled())).toEqual(['b']);
    } finally {
      spawnSync('umount', [sub()]);
    }
  });
});
