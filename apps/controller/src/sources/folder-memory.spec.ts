import { expect, it } from '@jest/globals';

import { MemoryStore } from '#store';

import { FolderMemory } from './folder-memory.ts';

it('remembers what it was told of a moment before the end', async () => {
  const { documents } = new MemoryStore();
  const open = (): Promise<FolderMemory> => FolderMemory.open({ documents, fence: () => 1, onTrouble: (error) => { throw error; } });
  const first = await open();
  first.remember(['/srv/a.yaml']);
  first.close();
  expect((await open()).has('/srv/a.yaml')).toBe(true);

  const second = await open();
  second.remember(['/srv/a.yaml', '/srv/b.yaml']);
  second.close();
  expect((await open()).isAllAmong(['/srv/a.yaml'])).toBe(false);
});
