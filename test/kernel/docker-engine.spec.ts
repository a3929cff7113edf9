import { it } from '@jest/globals';

import { engineContract } from '../contract/engine-contract.ts';
import { DockerDaemon, whyNoDocker } from '../support/docker-daemon.ts';

const obstacle = whyNoDocker();
if (obstacle === undefined) engineContract('a real Docker engine', async () => await DockerDaemon.start(), 'hurried');
else it.skip(`containers of a real Docker engine (skipped: ${obstacle})`, () => undefined);
