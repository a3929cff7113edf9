import { type NodesShape, routes } from '#operator-api';

import { ExitCode } from '../exit-code.ts';
import { confirmed } from '../live/confirming.ts';
import { complain, type LiveOptions, printNotes, withController } from '../live/live-command.ts';
import { agoText } from '../live/live-text.ts';
import { cleanText } from '../output/clean-text.ts';
import { printJson } from '../output/json.ts';
import type { Terminal } from '../terminal.ts';

export interface NodesConfirmOptions extends LiveOptions {
  readonly all: boolean;
  readonly yes: boolean;
  readonly reason?: string;
  /** What was looked at before; anything else is refused. */
  readonly hash?: string;
}

interface Trial {
  readonly node: string;
  readonly hash: string;
}

/**
 * `ringfence nodes confirm`: what nodes have on trial stays. What is confirmed is what was shown:
 * where a node has another bundle on trial by then, the controller refuses. Exit 1 where a named node has none.
 */
export async function runNodesConfirm(names: readonly string[], options: NodesConfirmOptions, terminal: Terminal): Promise<ExitCode> {
  const { all, yes, hash, reason } = options;
  const [only = ''] = names;
  if ((names.length === 0) === !all) return complain('nodes confirm', ['name nodes, or say --all', 'ringfence nodes shows which are on trial'], terminal);
  if (hash !== undefined && names.length !== 1) return complain('nodes confirm', ['--hash is about one node'], terminal);
  return withController('nodes confirm', options, terminal, async (client) => {
    const { nodes } = await client.ask(routes.nodes, {});
    const trials = hash === undefined ? trialsOf(nodes, all ? undefined : names) : [{ node: only, hash }];
    const missing = names.filter((name) => !trials.some(({ node }) => node === name));
    if (trials.length === 0 || missing.length > 0) {
      complain('nodes confirm', [missing.length === 0 ? 'no node has anything on trial' : `${missing.join(', ')}: nothing is on trial there`, 'ringfence nodes shows how each stands'], terminal);
      return ExitCode.findings;
    }
    if (options.output !== 'json') for (const line of shownLines(nodes, trials)) terminal.out(`${cleanText(line)}\n`);
    if (!confirmed('nodes confirm', `nobody is locked out, so that ${trials.length === 1 ? 'it stays' : 'they stay'}?`, yes, terminal)) return ExitCode.badInput;
    const done = await client.ask(routes.confirmTrials, { body: { trials, ...(reason === undefined ? {} : { reason }) } });
    if (options.output === 'json') printJson({ ...done, trials }, terminal);
    else {
      printNotes(done.notes, terminal);
      terminal.out(`confirmed on ${trials.length === 1 ? cleanText(trials[0]?.node ?? '') : `${String(trials.length)} nodes`}; ringfence nodes shows whether ${trials.length === 1 ? 'it has' : 'they have'} taken it\n`);
    }
    return ExitCode.fine;
  });
}

function trialsOf(nodes: NodesShape['nodes'], names: readonly string[] | undefined): readonly Trial[] {
  return nodes.flatMap(({ node, realisation }) => (realisation.kind === 'trial' && (names === undefined || names.includes(node)) ? [{ node, hash: realisation.hash }] : []));
}

function shownLines(nodes: NodesShape['nodes'], trials: readonly Trial[]): readonly string[] {
  const now = Date.now();
  return trials.map(({ node, hash }) => {
    const realisation = nodes.find((one) => one.node === node)?.realisation;
    if (realisation?.kind !== 'trial' || realisation.hash !== hash) return `${node}: bundle ${hash}`;
    return `${node}: revision ${String(realisation.revision)} since ${agoText(realisation.since, now)}${realisation.until === undefined ? '' : `, goes back ${agoText(realisation.until, now)}`}`;
  });
}
