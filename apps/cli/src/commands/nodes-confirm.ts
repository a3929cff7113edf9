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

type Decided = 'confirm' | 'retry';

/** How nodes stand that may be confirmed, or try again. */
const STANDING = { confirm: 'trial', retry: 'failed' } as const;

/**
 * `ringfence nodes confirm`: what nodes have on trial stays; `nodes retry`: what they had, and nobody
 * confirmed, is tried again. It is about what was shown: where a node stands otherwise by then, the
 * controller refuses. Exit 1 where a named node does not stand so.
 */
export async function runNodesConfirm(decided: Decided, names: readonly string[], options: NodesConfirmOptions, terminal: Terminal): Promise<ExitCode> {
  const { all, yes, hash, reason } = options;
  const [only = ''] = names;
  const [command, kind, what] = [`nodes ${decided}`, STANDING[decided], decided === 'confirm' ? 'is on trial' : 'has failed'];
  if ((names.length === 0) === !all) return complain(command, ['name nodes, or say --all', 'ringfence nodes shows how each stands'], terminal);
  if (hash !== undefined && names.length !== 1) return complain(command, ['--hash is about one node'], terminal);
  return withController(command, options, terminal, async (client) => {
    const { nodes } = await client.ask(routes.nodes, {});
    const trials = hash === undefined ? trialsOf(nodes, kind, all ? undefined : names) : [{ node: only, hash }];
    const missing = names.filter((name) => !trials.some(({ node }) => node === name));
    if (trials.length === 0 || missing.length > 0) {
      complain(command, [missing.length === 0 ? `nothing ${what} on any node` : `${missing.join(', ')}: nothing ${what} there`, 'ringfence nodes shows how each stands'], terminal);
      return ExitCode.findings;
    }
    if (options.output !== 'json') for (const line of shownLines(nodes, kind, trials)) terminal.out(`${cleanText(line)}\n`);
    if (!confirmed(command, decided === 'confirm' ? 'nobody is locked out, so that it stays?' : 'try it again, until it is confirmed or its time is over?', yes, terminal)) return ExitCode.badInput;
    const done = await client.ask(decided === 'confirm' ? routes.confirmTrials : routes.retryTrials, { body: { trials, ...(reason === undefined ? {} : { reason }) } });
    if (options.output === 'json') printJson({ ...done, trials }, terminal);
    else {
      printNotes(done.notes, terminal);
      const where = trials.length === 1 ? cleanText(trials[0]?.node ?? '') : `${String(trials.length)} nodes`;
      terminal.out(`${decided === 'confirm' ? 'confirmed on' : 'to be tried again on'} ${where}; ringfence nodes shows whether it was taken\n`);
    }
    return ExitCode.fine;
  });
}

function trialsOf(nodes: NodesShape['nodes'], kind: 'trial' | 'failed', names: readonly string[] | undefined): readonly Trial[] {
  return nodes.flatMap(({ node, realisation }) => (realisation.kind === kind && (names === undefined || names.includes(node)) ? [{ node, hash: realisation.hash }] : []));
}

function shownLines(nodes: NodesShape['nodes'], kind: 'trial' | 'failed', trials: readonly Trial[]): readonly string[] {
  const now = Date.now();
  return trials.map(({ node, hash }) => {
    const realisation = nodes.find((one) => one.node === node)?.realisation;
    if (realisation?.kind !== kind || realisation.hash !== hash) return `${node}: bundle ${hash}`;
    if (realisation.kind === 'failed') return `${node}: revision ${String(realisation.revision)} since ${agoText(realisation.since, now)}: ${realisation.why}`;
    return `${node}: revision ${String(realisation.revision)} since ${agoText(realisation.since, now)}${realisation.until === undefined ? '' : `, goes back ${agoText(realisation.until, now)}`}`;
  });
}
