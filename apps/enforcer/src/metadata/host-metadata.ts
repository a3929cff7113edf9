import { HostSource } from '#sources/hosts';

import type { MetadataSource } from './metadata-source.ts';

/** Units of this host that listen. `tellsNode`: the node itself, too, where no engine on it does. */
export function hostMetadata(node: string, tellsNode: boolean): MetadataSource {
  const name = `host:${node}`;
  let source: HostSource | undefined;
  return {
    name,
    start: (handlers) => {
      source = new HostSource({ node, name, tellsNode, handlers });
      source.start();
    },
    stop: async () => {
      await source?.stop();
    },
  };
}
