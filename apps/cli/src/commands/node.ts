import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';

import { LARGEST_BUNDLE_BYTES, type NodeOrder, type NodeReply } from '#dataplane';

import { ExitCode } from '../exit-code.ts';
import { askEnforcer } from '../node/ask-enforcer.ts';
import { rulesText, statusText, whyText } from '../node/node-text.ts';
import { type NodePlace, withoutEnforcer } from '../node/without-enforcer.ts';
import { cleanText } from '../output/clean-text.ts';
import { printJson } from '../output/json.ts';
import type { Terminal } from '../terminal.ts';

export interface NodeOptions extends NodePlace {
  readonly socket: string;
  readonly output: 'table' | 'json';
}

export interface NodeApplyOptions extends NodeOptions {
  readonly confirmWithin?: string;
  readonly keep: boolean;
  /** Seconds. */
  readonly drain?: string;
}

export interface NodePanicOptions extends NodeOptions {
  readonly yes: boolean;
}

const MOST_DRAIN_S = 30 * 86_400;

type Via = 'enforcer' | 'kernel';

/** `ringfence node status`: whether this node enforces, what, and since when. */
export function runNodeStatus(options: NodeOptions, terminal: Terminal): Promise<ExitCode> {
  return give({ order: 'status' }, options, terminal);
}

/** `ringfence node show`: everything this node enforces, with how often each rule was hit. */
export function runNodeShow(options: NodeOptions, terminal: Terminal): Promise<ExitCode> {
  return give({ order: 'show' }, options, terminal);
}

/** `ringfence node why`: which rule lets a connection pass, or what drops it. */
export function runNodeWhy(from: string | undefined, to: string | undefined, port: string | undefined, options: NodeOptions, terminal: Terminal): Promise<ExitCode> {
  if (from === undefined || to === undefined || port === undefined) return Promise.resolve(refuse('why needs FROM, TO and PORT, such as: shop/web 10.64.0.9 5432/TCP', terminal));
  return give({ order: 'why', from, to, port }, options, terminal);
}

/** `ringfence node apply`: makes the kernel hold a bundle; one with rules for the node itself has to be confirmed. */
export function runNodeApply(file: string | undefined, options: NodeApplyOptions, terminal: Terminal): Promise<ExitCode> {
  if (file === undefined) return Promise.resolve(refuse('apply needs a bundle; `ringfence node bundle` makes one', terminal));
  const seconds = options.confirmWithin === undefined ? undefined : Number(options.confirmWithin);
  if (seconds !== undefined && !(seconds >= 1 && seconds <= 86_400)) return Promise.resolve(refuse(`--confirm-within ${options.confirmWithin ?? ''}: give seconds, from 1 to 86400`, terminal));
  const drain = options.drain === undefined ? undefined : Number(options.drain);
  if (drain !== undefined && !(Number.isInteger(drain) && drain >= 1 && drain <= MOST_DRAIN_S)) return Promise.resolve(refuse(`--drain ${options.drain ?? ''}: give whole seconds, from 1 to ${String(MOST_DRAIN_S)}`, terminal));
  if (options.keep && drain !== undefined) return Promise.resolve(refuse('--keep and --drain: connections either stay for good or for a time', terminal));
  const fate = options.keep ? ({ kind: 'keep' } as const) : drain === undefined ? undefined : ({ kind: 'drain', seconds: drain } as const);
  let bundle: string;
  try {
    bundle = file === '-' ? terminal.readStdin() : readBounded(file);
  } catch (error) {
    return Promise.resolve(refuse(messageOf(error), terminal));
  }
  return give({ order: 'apply', bundle, ...(seconds === undefined ? {} : { confirmWithinMs: seconds * 1_000 }), ...(fate === undefined ? {} : { fate }) }, options, terminal);
}

/**
 * `ringfence node panic`: opens everything at once. Our table goes, nobody else's; what was confirmed
 * stays on disk, and nothing takes it up again before `resume` or `apply`, restarts included.
 */
export function runNodePanic(options: NodePanicOptions, terminal: Terminal): Promise<ExitCode> {
  if (options.yes) return give({ order: 'panic' }, options, terminal);
  return Promise.resolve(refuse('this takes all rules of ours out of the kernel, so that everything may talk to everything, until `ringfence node resume`; say --yes if that is what you want', terminal));
}

/** `ringfence node resume`: enforces the last confirmed bundle again after a panic. */
export function runNodeResume(options: NodeOptions, terminal: Terminal): Promise<ExitCode> {
  return give({ order: 'resume' }, options, terminal);
}

/** `ringfence node confirm`: says that a bundle on trial has locked nobody out. */
export function runNodeConfirm(options: NodeOptions, terminal: Terminal): Promise<ExitCode> {
  return give({ order: 'confirm' }, options, terminal);
}

async function give(order: NodeOrder, options: NodeOptions, terminal: Terminal): Promise<ExitCode> {
  let reply: NodeReply;
  let via: Via = 'enforcer';
  try {
    const told = await askEnforcer(options.socket, order);
    if (told === undefined) via = 'kernel';
    reply = told ?? withoutEnforcer(order, options, (report) => {
      if (report.kind === 'reverted') terminal.err(`revision ${String(report.revision)} was taken away: ${report.why}\n`);
    });
  } catch (error) {
    return refuse(messageOf(error), terminal);
  }
  if (reply.kind === 'refused') return refuse(reply.why, terminal);
  if (options.output === 'json') printJson(replyOutput(reply, via), terminal);
  else terminal.out(replyText(reply, via, terminal.columns));
  return findingsIn(reply) ? ExitCode.findings : ExitCode.fine;
}

function replyText(reply: Exclude<NodeReply, { kind: 'refused' }>, via: Via, columns: number): string {
  switch (reply.kind) {
    case 'status':
      return statusText(reply.status, via);
    case 'show':
      return statusText(reply.status, via) + (reply.rules === undefined ? '' : rulesText(reply.rules, columns));
    case 'why':
      return whyText(reply);
    case 'done':
      return `${cleanText(reply.text)}\n`;
  }
}

function replyOutput(reply: Exclude<NodeReply, { kind: 'refused' }>, via: Via): unknown {
  const { kind, ...fields } = reply;
  return kind === 'done' ? { via, text: reply.text } : { via, ...fields };
}

// a dropped connection is an answer and no finding; a node that does not hold what it should is one
function findingsIn(reply: NodeReply): boolean {
  if (reply.kind === 'status' || reply.kind === 'show') return reply.status.differences.length > 0 || reply.status.state === 'panic';
  return reply.kind === 'why' && reply.differences.length > 0;
}

function readBounded(path: string): string {
  const fd = openSync(path, 'r');
  try {
    const found = fstatSync(fd);
    if (found.isFile() && found.size > LARGEST_BUNDLE_BYTES) throw new Error(`${path} has ${String(found.size)} bytes, more than any bundle`);
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

function refuse(text: string, terminal: Terminal): ExitCode {
  terminal.err(`ringfence node: ${cleanText(text)}\n`);
  return ExitCode.badInput;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
