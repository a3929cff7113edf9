import type { FateShape, ScopeShape } from '#operator-api';

import type { ExitCode } from '../exit-code.ts';
import { complain, withController } from '../live/live-command.ts';
import { readWorkload } from '../live/live-text.ts';
import type { Terminal } from '../terminal.ts';
import { changeMode, type ModeChangeOptions, type WantedSettings } from './mode-change.ts';
import { listModes, listWorkloads } from './mode-list.ts';
import { readDays } from './simulate-live.ts';

export interface ModeOptions extends ModeChangeOptions {
  readonly days: string;
  /** `cut`, `keep`, `drain:SECONDS` or `clear`. */
  readonly fate?: string;
  readonly target?: 'nftables' | 'networkpolicy' | 'folder' | 'none' | 'clear';
}

const MODES: ReadonlySet<string> = new Set(['observe', 'audit', 'enforce', 'clear']);

/** `ringfence mode`: what is set; `mode SCOPE MODE` shows what that would do to the cluster, a namespace or a workload, asks, and sets it. */
export async function runMode(scopeText: string | undefined, mode: string | undefined, options: ModeOptions, terminal: Terminal): Promise<ExitCode> {
  if (scopeText === undefined) return withController('mode', options, terminal, (client) => listModes(client, options, terminal));
  const scope = readScope(scopeText);
  if (scope === undefined) return complain('mode', [`${scopeText}: give cluster, a namespace, or a workload as namespace/kind/name`], terminal);
  if (mode !== undefined && !MODES.has(mode)) return complain('mode', [`${mode}: give observe, audit, enforce or clear`], terminal);
  const fate = options.fate === undefined ? undefined : readFate(options.fate);
  if (options.fate !== undefined && fate === undefined) return complain('mode', [`--fate ${options.fate}: give cut, keep, drain:SECONDS or clear`], terminal);
  if (options.target !== undefined && scope.kind !== 'namespace') return complain('mode', ['--target is set for a namespace'], terminal);
  const days = readDays(options.days);
  if (days === undefined) return complain('mode', [`--days ${options.days}: give a number from 1 to 90`], terminal);
  if (options.dryRun && mode === undefined) return complain('mode', ['--dry-run shows what a mode would do: name one'], terminal);
  const wanted: WantedSettings = {
    scope,
    ...(mode === undefined ? {} : { mode: mode === 'clear' ? 'cleared' : (mode as 'observe') }),
    ...(fate === undefined ? {} : { fate }),
    ...(options.target === undefined ? {} : { target: options.target === 'clear' ? 'cleared' : options.target }),
  };
  const isQuestion = mode === undefined && fate === undefined && options.target === undefined;
  return withController('mode', options, terminal, (client) => (isQuestion ? listWorkloads(client, scope, options, terminal) : changeMode(client, wanted, days, options, terminal)));
}

function readScope(text: string): ScopeShape | undefined {
  if (text === 'cluster') return { kind: 'cluster' };
  if (!text.includes('/')) return text === '' ? undefined : { kind: 'namespace', namespace: text };
  const workload = readWorkload(text);
  return workload === undefined ? undefined : { kind: 'workload', workload };
}

function readFate(text: string): FateShape | 'cleared' | undefined {
  if (text === 'clear') return 'cleared';
  if (text === 'cut' || text === 'keep') return { kind: text };
  const seconds = /^drain:(\d{1,6})$/.exec(text)?.[1];
  return seconds === undefined ? undefined : { kind: 'drain', seconds: Number(seconds) };
}
