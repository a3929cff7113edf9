import type { Direction } from '#model';
import { type ProposalEditShape, type ProposalShape, routes } from '#operator-api';

import { ExitCode } from '../exit-code.ts';
import { readPeerWord, readPortWord } from '../live/edit-words.ts';
import { complain, type LiveOptions, printNotes, withController } from '../live/live-command.ts';
import { readSpan, readWorkload } from '../live/live-text.ts';
import { printJson } from '../output/json.ts';
import type { Terminal } from '../terminal.ts';
import { proposalText } from './show.ts';

export interface EditOptions extends LiveOptions {
  readonly add?: Direction;
  readonly peer?: readonly string[];
  readonly port?: readonly string[];
  readonly speaks?: string;
  readonly why?: string;
  readonly drop?: string;
  readonly narrow?: string;
  readonly expire?: string;
  readonly expiresIn?: string;
  readonly enforceApplication?: string;
  readonly leaveOpen?: Direction;
  readonly discard: boolean;
  readonly reason?: string;
  readonly hash?: string;
}

type Edit = ProposalEditShape | { readonly kind: 'discard' };
type Reading = { readonly kind: 'edit'; readonly edit: Edit } | { readonly kind: 'problem'; readonly words: readonly string[] };

/** `ringfence edit WORKLOAD`: one change to what is proposed; it is made again on every later proposal until it is approved or discarded. */
export async function runEdit(name: string | undefined, options: EditOptions, terminal: Terminal): Promise<ExitCode> {
  const workload = name === undefined ? undefined : readWorkload(name);
  if (workload === undefined) return complain('edit', ['name the workload as namespace/kind/name'], terminal);
  return withController('edit', options, terminal, async (client) => {
    const shown = await client.ask(routes.proposal, { params: workload });
    const read = readEdit(shown, options, Date.now());
    if (read.kind === 'problem') return complain('edit', read.words, terminal);
    const { reason } = options;
    const done = await client.ask(routes.edit, { body: { workload, hash: options.hash ?? shown.hash, edit: read.edit, ...(reason === undefined ? {} : { reason }) } });
    printNotes(done.notes, terminal);
    const edited = await client.ask(routes.proposal, { params: workload });
    if (options.output === 'json') printJson(edited, terminal);
    else terminal.out(proposalText(edited, terminal.columns, Date.now()));
    return ExitCode.fine;
  });
}

function readEdit(shown: ProposalShape, options: EditOptions, now: number): Reading {
  const { add, drop, narrow, expire, enforceApplication, leaveOpen, discard } = options;
  const asked = [add, drop, narrow, expire, enforceApplication, leaveOpen, discard ? 'discard' : undefined].filter((one) => one !== undefined);
  if (asked.length !== 1) return problem('make one change at a time: --add, --drop, --narrow, --expire, --enforce-application, --leave-open or --discard');
  if (discard) return { kind: 'edit', edit: { kind: 'discard' } };
  if (leaveOpen !== undefined) return { kind: 'edit', edit: { kind: 'leave-open', direction: leaveOpen } };
  if (add !== undefined) return readAddition(add, options, now);
  const rule = drop ?? narrow ?? expire ?? enforceApplication ?? '';
  const direction = directionOf(shown, rule);
  if (direction === undefined) return problem(`${rule} is no rule that is proposed`, 'ringfence show WORKLOAD gives the ids');
  if (drop !== undefined) return { kind: 'edit', edit: { kind: 'drop-rule', direction, rule } };
  if (enforceApplication !== undefined) return { kind: 'edit', edit: { kind: 'enforce-application', direction, rule, isEnforced: true } };
  if (narrow !== undefined) return readNarrowing(direction, rule, options);
  const ends = endOf(options.expiresIn, now);
  return ends === undefined ? problem('say when it ends: --expires-in 30d, or --expires-in never') : { kind: 'edit', edit: { kind: 'set-expiry', direction, rule, expiresAt: ends } };
}

function readAddition(direction: Direction, options: EditOptions, now: number): Reading {
  const { why, speaks, expiresIn } = options;
  const words = readWords(options);
  if (words.kind === 'problem') return words;
  if (words.peers === undefined || words.ports === undefined) return problem('name whom and on what: --peer PEER --port PORT (any for everyone, or every port)');
  if (why === undefined) return problem('say why the rule is there: --why "…"');
  const ends = expiresIn === undefined ? undefined : endOf(expiresIn, now);
  if (expiresIn !== undefined && ends === undefined) return problem(`--expires-in ${expiresIn}: give a span such as 30d`);
  return {
    kind: 'edit',
    edit: { kind: 'add-rule', direction, rule: { peers: words.peers, ports: words.ports, why, ...(speaks === undefined ? {} : { application: speaks }), ...(typeof ends === 'number' ? { expiresAt: ends } : {}) } },
  };
}

function readNarrowing(direction: Direction, rule: string, options: EditOptions): Reading {
  const words = readWords(options);
  if (words.kind === 'problem') return words;
  const { peers, ports } = words;
  if (peers === 'any' || ports === 'any' || (peers === undefined && ports === undefined)) return problem('name what is left: --peer PEER, --port PORT, or both');
  return { kind: 'edit', edit: { kind: 'narrow-rule', direction, rule, ...(peers === undefined ? {} : { peers }), ...(ports === undefined ? {} : { ports }) } };
}

type AddedRule = Extract<ProposalEditShape, { readonly kind: 'add-rule' }>['rule'];

function readWords({ peer = [], port = [] }: EditOptions): { readonly kind: 'words'; readonly peers?: AddedRule['peers']; readonly ports?: AddedRule['ports'] } | Extract<Reading, { readonly kind: 'problem' }> {
  const peers = peer.map((text) => ({ text, read: readPeerWord(text) }));
  const ports = port.map((text) => ({ text, read: readPortWord(text) }));
  const isAnyPeer = peer.includes('any');
  const isAnyPort = port.includes('any');
  const wrongPeer = peers.find(({ read }) => read === undefined);
  if (!isAnyPeer && wrongPeer !== undefined) return problem(`--peer ${wrongPeer.text}: give namespace/kind/name, an address or block, a DNS name, internet or any`);
  const wrongPort = ports.find(({ read }) => read === undefined);
  if (!isAnyPort && wrongPort !== undefined) return problem(`--port ${wrongPort.text}: give 5432/TCP, 8000-8010/TCP, UDP or any`);
  return {
    kind: 'words',
    ...(peer.length === 0 ? {} : { peers: isAnyPeer ? 'any' : peers.flatMap(({ read }) => read ?? []) }),
    ...(port.length === 0 ? {} : { ports: isAnyPort ? 'any' : ports.flatMap(({ read }) => read ?? []) }),
  };
}

function directionOf({ proposal }: ProposalShape, rule: string): Direction | undefined {
  return (['ingress', 'egress'] as const).find((direction) => {
    const proposed = proposal[direction];
    return proposed.kind === 'closed' && proposed.rules.some(({ id }) => id === rule);
  });
}

function endOf(text: string | undefined, now: number): number | 'never' | undefined {
  if (text === undefined || text === 'never') return text;
  const span = readSpan(text);
  return span === undefined ? undefined : now + span;
}

function problem(...words: readonly string[]): Extract<Reading, { readonly kind: 'problem' }> {
  return { kind: 'problem', words };
}
