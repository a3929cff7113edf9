import { statSync } from 'node:fs';

import type { Address } from '#model';
import { DockerSource } from '#sources/docker';
import { systemClock } from '#sources/waiting';

import type { MetadataSource } from './metadata-source.ts';

const USUAL_SOCKETS = ['/var/run/docker.sock', '/run/docker.sock'];

/** The socket of the engine on this node: the one that was named, the usual one where there is one, or none. */
export function engineSocket(wish: string): string | undefined {
  if (wish === 'off') return undefined;
  if (wish !== 'auto') return wish;
  return USUAL_SOCKETS.find((path) => statSync(path, { throwIfNoEntry: false })?.isSocket() === true);
}

/** Containers of the Docker engine on this node, and the node, which has these addresses. */
export function dockerMetadata(socketPath: string, node: string, nodeAddresses: () => readonly Address[]): MetadataSource {
  const name = `docker:${node}`;
  let source: DockerSource | undefined;
  return {
    name,
    start: ({ updates, inSync, problem }) => {
      source = new DockerSource({
        socketPath,
        name,
        node,
        nodeAddresses,
        clock: systemClock,
        random: Math.random,
        handlers: {
          update: (update) => {
            updates([update]);
          },
          inSync,
          problem,
        },
      });
      source.start();
    },
    stop: async () => {
      await source?.stop();
    },
  };
}
