import { expect, it } from '@jest/globals';
import { chmodSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openAuthority } from '#certificates';

import { journalKey } from './journal-key.ts';

it('comes out of the authority, the same in every copy of it and another in every other, or is a file nobody else reads', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ringfence-'));
  try {
    const [one, copy, other] = [join(folder, 'one'), join(folder, 'copy'), join(folder, 'other')];
    const authority = await openAuthority(one, Date.now());
    cpSync(one, copy, { recursive: true });
    const derived = journalKey(authority, undefined);
    expect(derived).toHaveLength(32);
    expect(journalKey(await openAuthority(copy, Date.now()), undefined)).toEqual(derived);
    expect(journalKey(await openAuthority(other, Date.now()), undefined)).not.toEqual(derived);
    expect(authority.deriveKey('something else')).not.toEqual(derived);
    const file = join(folder, 'key');
    writeFileSync(file, `${'ab'.repeat(32)}\n`, { mode: 0o600 });
    expect(Buffer.from(journalKey(authority, file)).toString()).toBe('ab'.repeat(32));
    chmodSync(file, 0o644);
    expect(() => journalKey(authority, file)).toThrow('others can read it');
    writeFileSync(file, 'short');
    chmodSync(file, 0o600);
    expect(() => journalKey(authority, file)).toThrow('it has 32 to 4096 characters');
    expect(() => journalKey(authority, join(folder, 'none'))).toThrow('ENOENT');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
