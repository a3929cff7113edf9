import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { openAuthority } from '#certificates';
import { openSqliteStore } from '#store';

import { prepareStateFolder, storeFolder } from './state-folder.ts';

let above: string;

beforeEach(() => {
  above = mkdtempSync(join(tmpdir(), 'ringfence-'));
});
afterEach(() => {
  rmSync(above, { recursive: true });
});

describe('a folder of state', () => {
  it('is its owner’s alone, also where it was not', () => {
    const [made, open] = [join(above, 'a', 'b'), join(above, 'open')];
    mkdirSync(open, { mode: 0o755 });
    for (const folder of [made, open]) prepareStateFolder(folder, { isFresh: false });
    expect([made, open].map((folder) => statSync(folder).mode & 0o777)).toEqual([0o700, 0o700]);
  });

  it('is begun afresh where a controller was', async () => {
    await openAuthority(above, Date.now());
    writeFileSync(join(above, 'controller.log'), '');
    prepareStateFolder(above, { isFresh: true });
    expect(readdirSync(above)).toEqual([]);
    writeFileSync(join(above, 'controller.log'), 'ended early');
    prepareStateFolder(above, { isFresh: true });
    expect(readdirSync(above)).toEqual([]);
    prepareStateFolder(join(above, 'new'), { isFresh: true });
    expect(existsSync(join(above, 'new'))).toBe(true);
  });

  it('is not begun afresh while another controller keeps its state there', async () => {
    await openAuthority(above, Date.now());
    const store = openSqliteStore({ folder: storeFolder(above), isAlone: true });
    expect(() => { prepareStateFolder(above, { isFresh: true }); }).toThrow(`process ${String(process.pid)} of`);
    expect(existsSync(join(above, 'authority', 'certificate.pem'))).toBe(true);
    await store.close();
    prepareStateFolder(above, { isFresh: true });
    expect(readdirSync(above)).toEqual([]);
  });

  it('is not begun afresh where it is somebody else’s', () => {
    writeFileSync(join(above, 'thesis.txt'), 'years of work');
    expect(() => { prepareStateFolder(above, { isFresh: true }); }).toThrow('nothing is removed');
    expect(readdirSync(above)).toEqual(['thesis.txt']);
  });

  it('says so where it can not be made, and does not try for ever', () => {
    expect(() => { prepareStateFolder('/proc/nobody/state', { isFresh: false }); }).toThrow('/proc/nobody');
  });
});
