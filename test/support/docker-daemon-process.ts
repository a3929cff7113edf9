// Starts a Docker engine with a container, says so, and waits to be killed.
import { writeSync } from 'node:fs';

import { DockerDaemon } from './docker-daemon.ts';

const daemon = await DockerDaemon.start();
await daemon.control.run({ name: 'box' });
writeSync(1, `${daemon.socketPath}\n`);
setInterval(() => undefined, 60_000);
