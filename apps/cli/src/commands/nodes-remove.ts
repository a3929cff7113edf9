import { routes } from '#operator-api';

import { ExitCode } from '../exit-code.ts';
import { complain, type LiveOptions, withController } from '../live/live-command.ts';
import { cleanText } from '../output/clean-text.ts';
import { printJson } from '../output/json.ts';
import type { Terminal } from '../terminal.ts';

export interface NodesRemoveOptions extends LiveOptions {
  readonly reason?: string;
}

/** `ringfence nodes remove NODE`: a node that is no more, and what it said does not count. */
export async function runNodesRemove(node: string | undefined, { reason, ...options }: NodesRemoveOptions, terminal: Terminal): Promise<ExitCode> {
  if (node === undefined) return complain('nodes remove', ['name the node that is no more', 'ringfence nodes lists them'], terminal);
  return withController('nodes remove', options, terminal, async (client) => {
    const done = await client.ask(routes.removeNode, { body: { node, ...(reason === undefined ? {} : { reason }) } });
    if (options.output === 'json') printJson({ ...done, node }, terminal);
    else terminal.out(cleanText(`node ${node} is removed: what it said does not count any more (entry ${String(done.seq)})`) + '\n');
    return ExitCode.fine;
  });
}
