import { describe, expect, it } from '@jest/globals';

import { parseAddress } from '#model';

import { engineContract } from '../../../test/contract/engine-contract.ts';
import { FakeEngine } from '../../../test/support/fake-engine.ts';
import { WatchedEngine } from '../../../test/support/watched-engine.ts';

engineContract('an engine that runs nothing', async () => await FakeEngine.start(), 'awaited');

describe('the node of an engine', () => {
  it('has the addresses it is given, as they are whenever everything is read', async () => {
    const bench = await FakeEngine.start();
    const own = ['192.0.2.1'];
    const engine = new WatchedEngine(bench.socketPath, { quietMs: 20, rereadMs: 20, nodeAddresses: () => own.flatMap((text) => parseAddress(text) ?? []) });
    const until = async (): Promise<readonly string[]> => (await engine.until(({ nodes }) => nodes.get('host-a')?.addresses.length === own.length)).nodes.get('host-a')!.addresses.map(({ text }) => text);
    try {
      expect(await until()).toEqual(['192.0.2.1']);
      own.push('2001:db8::1');
      expect(await until()).toEqual(['192.0.2.1', '2001:db8::1']);
    } finally {
      await engine.source.stop();
      await bench.close();
    }
  });
});
