import type { SourceDesk } from '../sources/source-desk.ts';
import type { NodeDeskOptions } from './node-desk.ts';

/** What nodes say, as sources that nobody has to wait for. */
export function nodeSources(sources: SourceDesk): Pick<NodeDeskOptions, 'onUpdate' | 'onInSync' | 'onRemembered' | 'onForgotten'> {
  return {
    onUpdate: (update) => {
      sources.add(update.source, update.source, false);
      sources.update(update);
    },
    onInSync: (source, isInSync) => {
      sources.add(source, source, false);
      sources.setInSync(source, isInSync);
    },
    onRemembered: (source, node) => {
      sources.add(source, source, false);
      sources.setState(source, 'syncing', `not heard since the start; what it said before counts until it speaks, or: ringfence nodes remove ${node}`);
    },
    onForgotten: (source) => {
      sources.remove(source);
    },
  };
}
