import { workloadKey } from '#model';
import type { DoomedFlowShape, ModePreviewShape, ScopeShape } from '#operator-api';

import { cleanText } from '../output/clean-text.ts';
import { changeRow } from '../output/connectivity-text.ts';
import { portOrProtocol } from '../output/peer-name.ts';
import { foldProse } from '../output/prose.ts';
import { formatTable } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';
import { printNotes } from './live-command.ts';
import { agoText, timeText } from './live-text.ts';
import { observedPeerText } from './observed-peer-text.ts';
import { remedyLines } from './remedy-text.ts';

const WORKLOADS_SHOWN = 40;
const NAMES_SHOWN = 8;
const FLOWS_SHOWN = 20;
const PATHS_SHOWN = 40;

/** `the cluster`, `namespace shop`, or the workload. */
export function scopeText(scope: ScopeShape): string {
  if (scope.kind === 'cluster') return 'the cluster';
  return scope.kind === 'namespace' ? `namespace ${scope.namespace}` : workloadKey(scope.workload);
}

/** What setting a mode would do: who changes, what would be dropped and lacks which rule, what opens, and who stays open all the same. */
export function printModePreview(preview: ModePreviewShape, terminal: Terminal): void {
  const { scope, mode, revision, isLowering, changes, unchanged, open, lost, change, flows, connections, notes, from, to } = preview;
  const say = (text: string): void => {
    // an empty line before what is set off by one
    terminal.out(`${text.startsWith('\n') ? '\n' : ''}${foldProse(cleanText(text.replace(/^\n/, '')), terminal.proseColumns)}\n`);
  };
  const days = Math.round((to - from) / 86_400_000);
  say(`${scopeText(scope)} to ${mode === 'cleared' ? 'what is set around it' : mode}, with ${revision === 0 ? 'nothing approved' : `revision ${String(revision)}`}: ${count(flows, 'kind')} of flow of the last ${count(days, 'day')} replayed, ${count(connections, 'connection')}`);
  say(`${changes.length === 0 ? 'no workload changes' : changes.length === 1 ? '1 workload changes' : `${String(changes.length)} workloads change`} mode${unchanged === 0 ? '' : `; ${String(unchanged)} ${unchanged === 1 ? 'keeps its' : 'keep their'} own`}`);
  const rows = changes.map(({ workload, before, after, approved, closes }) => [workloadKey(workload), before, after, approved === undefined ? 'nothing: open' : `revision ${String(approved)}: ${closes.join(' and ')}`]);
  terminal.out(formatTable(['WORKLOAD', 'FROM', 'TO', 'CLOSED BY'], rows.slice(0, WORKLOADS_SHOWN), terminal.columns));
  more(rows.length, WORKLOADS_SHOWN, say);
  printDoomed(lost, days, say);
  if (open.length > 0) say(`\nStay open, for nothing is approved for them: ${open.slice(0, NAMES_SHOWN).map(workloadKey).join(', ')}${open.length > NAMES_SHOWN ? ` and ${String(open.length - NAMES_SHOWN)} more` : ''}`);
  if (change === undefined) say(`\nWould ${isLowering ? 'open' : 'close'} what is named above for each of them; that is too much to tell path by path.`);
  else printPaths(change, say, terminal);
  printNotes(notes.filter(({ code }) => code !== 'nothing-approved'), terminal);
}

function printPaths({ opened, closed }: NonNullable<ModePreviewShape['change']>, say: (text: string) => void, terminal: Terminal): void {
  if (opened.length > 0) say('\nWould open:');
  terminal.out(formatTable(['FROM', 'TO', 'PORTS', 'SPEAKS'], opened.slice(0, PATHS_SHOWN).map(changeRow), terminal.columns));
  more(opened.length, PATHS_SHOWN, say);
  say(`\n${count(closed.length, 'path')} would close, ${String(opened.length)} would open.`);
}

function printDoomed(lost: readonly DoomedFlowShape[], days: number, say: (text: string) => void): void {
  if (lost.length === 0) {
    say('\nNothing that gets through now would be dropped.');
    return;
  }
  say('\nGets through now and would be dropped:');
  const now = Date.now();
  for (const flow of lost.slice(0, FLOWS_SHOWN)) {
    say(`  ${observedPeerText(flow.from)} -> ${observedPeerText(flow.to)} ${portOrProtocol(flow.port, flow.protocol)}${flow.decision === 'unknown' ? ' (some of it)' : ''}`);
    say(`    ${seenText(flow, days, now)}`);
    for (const text of flow.missing.length === 0 ? [flow.text] : flow.missing) say(`    ${text}`);
    for (const line of flow.remedies.flatMap(remedyLines)) say(`    ${line}`);
  }
  more(lost.length, FLOWS_SHOWN, say);
}

function seenText({ count: seen, wouldBeDenied, wouldBeDeniedIn }: DoomedFlowShape, days: number, now: number): string {
  const audited = wouldBeDenied === 0 ? '' : `${String(wouldBeDenied)} counted in audit${wouldBeDeniedIn === undefined ? '' : ` since ${timeText(wouldBeDeniedIn.first, now)}, last ${agoText(wouldBeDeniedIn.last, now)}`}; `;
  return `${audited}${count(seen, 'connection')} in ${count(days, 'day')}`;
}

function more(all: number, shown: number, say: (text: string) => void): void {
  if (all > shown) say(`… and ${String(all - shown)} more (-o json has all)`);
}

function count(number: number, word: string): string {
  return `${String(number)} ${word}${number === 1 ? '' : 's'}`;
}
