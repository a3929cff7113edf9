import { type DoneShape, type FateShape, type ModePreviewShape, routes, type ScopeShape } from '#operator-api';

import { ExitCode } from '../exit-code.ts';
import { confirmed } from '../live/confirming.ts';
import type { ControllerClient } from '../live/controller-client.ts';
import { type LiveOptions, newNotes, printNotes } from '../live/live-command.ts';
import { printModePreview, scopeText } from '../live/mode-preview-text.ts';
import { printJson } from '../output/json.ts';
import { say } from '../output/prose.ts';
import type { Terminal } from '../terminal.ts';

export interface ModeChangeOptions extends LiveOptions {
  readonly reason?: string;
  readonly skipRamp: boolean;
  readonly yes: boolean;
  readonly dryRun: boolean;
}

/** What is to be set for one scope. */
export interface WantedSettings {
  readonly scope: ScopeShape;
  readonly mode?: ModePreviewShape['mode'];
  readonly fate?: FateShape | 'cleared';
  readonly target?: 'nftables' | 'networkpolicy' | 'folder' | 'none' | 'cleared';
}

/**
 * Shows what a mode would do, asks, and sets it, with whatever else is wanted.
 *
 * What is set is what was shown: where it would do something else by then, the controller refuses.
 * A mode that only opens is set whatever has changed since, and where nobody is there to be asked.
 */
export async function changeMode(client: ControllerClient, wanted: WantedSettings, days: number, options: ModeChangeOptions, terminal: Terminal): Promise<ExitCode> {
  const preview = wanted.mode === undefined ? undefined : await previewed(client, wanted.scope, wanted.mode, days, options, terminal);
  if (preview !== undefined && options.dryRun) {
    if (options.output === 'json') printJson({ preview }, terminal);
    return preview.lost.length > 0 ? ExitCode.findings : ExitCode.fine;
  }
  if (preview !== undefined && !isWanted(preview, options, terminal)) return ExitCode.badInput;
  const done = await setAll(client, wanted, preview, options);
  const notes = newNotes(done.flatMap((one) => one.notes), preview?.notes ?? []);
  if (options.output === 'json') {
    printJson({ ...(await client.ask(routes.modes, {})), seq: done.at(-1)?.seq ?? 0, notes: done.flatMap((one) => one.notes), ...(preview === undefined ? {} : { preview }) }, terminal);
    return ExitCode.fine;
  }
  printNotes(notes, terminal);
  say(`${scopeText(wanted.scope)} is set; ringfence mode shows what is set, ringfence nodes where it is realised\n`, terminal);
  return ExitCode.fine;
}

async function previewed(client: ControllerClient, scope: ScopeShape, mode: ModePreviewShape['mode'], days: number, { skipRamp, output }: ModeChangeOptions, terminal: Terminal): Promise<ModePreviewShape> {
  terminal.progress('replaying what was observed');
  const preview = await client.ask(routes.previewMode, { body: { scope, mode, days, ...(skipRamp ? { skipsRamp: true } : {}) } });
  terminal.progress('');
  if (output !== 'json') printModePreview(preview, terminal);
  return preview;
}

// whoever has to open something in a hurry may have nobody to say yes
function isWanted({ scope, mode, isLowering }: ModePreviewShape, { yes }: ModeChangeOptions, terminal: Terminal): boolean {
  const question = `${mode === 'cleared' ? `clear the mode of ${scopeText(scope)}` : `set ${scopeText(scope)} to ${mode}`}?`;
  if (yes || !isLowering) return confirmed('mode', question, yes, terminal);
  const answer = terminal.ask(`${question} [y/N] `);
  if (answer === undefined || /^y(?:es)?$/i.test(answer)) return true;
  terminal.err('nothing was changed\n');
  return false;
}

async function setAll(client: ControllerClient, { scope, mode, fate, target }: WantedSettings, preview: ModePreviewShape | undefined, options: ModeChangeOptions): Promise<readonly DoneShape[]> {
  const reason = options.reason === undefined ? {} : { reason: options.reason };
  const shown = preview === undefined || preview.isLowering ? {} : { shown: preview.shown };
  const done: DoneShape[] = [];
  if (mode !== undefined) done.push(await client.ask(routes.setMode, { body: { scope, mode, ...shown, ...(options.skipRamp ? { skipsRamp: true } : {}), ...reason } }));
  if (fate !== undefined) done.push(await client.ask(routes.setFate, { body: { scope, fate, ...reason } }));
  if (target !== undefined && scope.kind === 'namespace') done.push(await client.ask(routes.setTarget, { body: { namespace: scope.namespace, target, ...reason } }));
  return done;
}
