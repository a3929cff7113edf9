import { MemoryMedium, MemoryStore } from '#store';

import { storeContract } from '../../test/contract/store-contract.ts';

storeContract('in memory', () => {
  const medium = new MemoryMedium();
  let now = 1_700_000_000_000;
  return Promise.resolve({
    open: (journalKey) => Promise.resolve(new MemoryStore({ medium, now: () => now, ...(journalKey === undefined ? {} : { journalKey }) })),
    tamper: ({ seq, content }) => {
      medium.entries[seq - 1] = { ...medium.entries[seq - 1]!, text: content };
      return Promise.resolve();
    },
    cut: () => {
      medium.entries.pop();
      return Promise.resolve();
    },
    passMs: (ms) => {
      now += ms;
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  });
});
