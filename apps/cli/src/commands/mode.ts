import { workloadKey } from '#model';
import { type FateShape, routes, type ScopeShape, type SettingsShape } from '#operator-api';

import { ExitCode } from '../exit-code.ts';
import type { ControllerClient } from '../live/controller-client.ts';
import { complain, withController } from '../live/live-command.ts';
import { actorText, dateText, readWorkload } from '../live/live-text.ts';
import { printJson } from '../output/json.ts';
import { formatTable } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';
import { changeMode, type ModeChangeOptions, type WantedSettings } from './mode-change.ts';
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
  if (scopeText === undefined) return listSettings(options, terminal);
  const scope = readScope(scopeText);
  if (scope === undefined) return complain('mode', [`${scopeText}: give cluster, a namespace, or a workload as namespace/kind/name`], terminal);
  if (mode !== undefined && !MODES.has(mode)) return complain('mode', [`${mode}: give observe, audit, enforce or clear`], terminal);
  const fate = options.fate === undefined ? undefined : readFate(options.fate);
  if (options.fate !== undefined && fate === undefined) return complain('mode', [`--fate ${options.fate}: give cut, keep, drain:SECONDS or clear`], terminal);
  if (options.target !== undefined && scope.kind !== 'namespace') return complain('mode', ['--target is set for a namespace'], terminal);
  if (mode === undefined && fate === undefined && options.target === undefined) return complain('mode', [`say what to set ${scopeText} to: observe, audit, enforce or clear; or --fate, or --target`], terminal);
  const days = readDays(options.days);
  if (days === undefined) return complain('mode', [`--days ${options.days}: give a number from 1 to 90`], terminal);
  if (options.dryRun && mode === undefined) return complain('mode', ['--dry-run shows what a mode would do: name one'], terminal);
  const wanted: WantedSettings = {
    scope,
    ...(mode === undefined ? {} : { mode: mode === 'clear' ? 'cleared' : (mode as 'observe') }),
    ...(fate === undefined ? {} : { fate }),
    ...(options.target === undefined ? {} : { target: options.target === 'clear' ? 'cleared' : options.target }),
  };
  return withController('mode', options, terminal, (client) => changeMode(client, wanted, days, options, terminal));
}

function listSettings(options: ModeOptions, terminal: Terminal): Promise<ExitCode> {
  return withController('mode', options, terminal, (client) => showSettings(client, options, terminal));
}

async function showSettings(client: ControllerClient, { output }: ModeOptions, terminal: Terminal): Promise<ExitCode> {
  const settings = await client.ask(routes.modes, {});
  if (output === 'json') printJson(settings, terminal);
  else printSettings(settings, terminal);
  return ExitCode.fine;
}

function printSettings({ defaultMode, modes, fates, targets }: SettingsShape, terminal: Terminal): void {
  const rows = [
    ...modes.map((one) => [scopeName(one.scope), `mode ${one.mode}`, actorText(one.by), dateText(one.at), one.reason ?? '']),
    ...fates.map((one) => [scopeName(one.scope), `forbidden connections: ${fateName(one.fate)}`, actorText(one.by), dateText(one.at), one.reason ?? '']),
    ...targets.map((one) => [`namespace ${one.namespace}`, `policies go to ${one.target}`, actorText(one.by), dateText(one.at), one.reason ?? '']),
  ];
  terminal.out(formatTable(['SCOPE', 'IS SET TO', 'BY', 'AT', 'REASON'], rows, terminal.columns));
  terminal.out(`${rows.length === 0 ? 'nothing is set: ' : '\n'}what is not set, and not said by its namespace, is in mode ${defaultMode}\n`);
}

function readScope(text: string): ScopeShape | undefined {
  if (text === 'cluster') return { kind: 'cluster' };
  if (!text.includes('/')) return text === '' ? undefined : { kind: 'namespace', namespace: text };
  const workload = readWorkload(text);
  return workload === undefined ? undefined : { kind: 'workload', workload };
}

function scopeName(scope: ScopeShape): string {
  if (scope.kind === 'cluster') return 'cluster';
  return scope.kind === 'namespace' ? `namespace ${scope.namespace}` : workloadKey(scope.workload);
}

function readFate(text: string): FateShape | 'cleared' | undefined {
  if (text === 'clear') return 'cleared';
  if (text === 'cut' || text === 'keep') return { kind: text };
  const seconds = /^drain:(\d{1,6})$/.exec(text)?.[1];
  return seconds === undefined ? undefined : { kind: 'drain', seconds: Number(seconds) };
}

function fateName(fate: FateShape): string {
  return fate.kind === 'drain' ? `drained within ${String(fate.seconds)} s` : fate.kind;
}
