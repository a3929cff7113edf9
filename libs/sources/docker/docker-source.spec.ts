import { engineContract } from '../../../test/contract/engine-contract.ts';
import { FakeEngine } from '../../../test/support/fake-engine.ts';

engineContract('an engine that runs nothing', async () => await FakeEngine.start(), 'awaited');
