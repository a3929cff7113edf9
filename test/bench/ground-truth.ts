import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { measureApplication } from '../support/measure.ts';
import { pooled } from '../support/score.ts';
import { sharedPath } from '../support/shared.ts';

/** Prints how the strong tier and the default policies do on every application of `../shared/ground-truth`, or of the folder given. */
function main(): void {
  const folder = process.argv[2] ?? sharedPath('ground-truth');
  if (folder === undefined) {
    console.log(JSON.stringify({ bench: 'ground-truth', skipped: '../shared/ground-truth is not there' }));
    return;
  }
  const apps = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const measures = apps.map(({ name }) => measureApplication(join(folder, name)));
  for (const { app, score, harm } of measures) {
    process.stderr.write(
      `${app.padEnd(24)} true ${String(score.truePairs).padStart(3)} visible ${String(score.visiblePairs).padStart(3)} precision ${score.precision.toFixed(3)} recall of visible ${score.recallVisible.toFixed(3)} ports ${score.portPrecision.toFixed(3)} traps ${String(score.trapsTaken.length)} other ${String(score.otherHit)}/${String(score.otherTrue)} cut ${String(harm.cut.length)}/${String(harm.trueEdges)} closed ${String(harm.closedPairs)}/${String(harm.silentPairs)}\n`,
    );
  }
  const tallies = pooled(measures.map(({ tally }) => tally));
  const cut = measures.reduce((sum, { harm }) => sum + harm.cut.length, 0);
  const silent = measures.reduce((sum, { harm }) => sum + harm.silentPairs, 0);
  const closed = measures.reduce((sum, { harm }) => sum + harm.closedPairs, 0);
  const rows = measures.map(({ app, score: { precision, recallVisible, portPrecision, trapsTaken }, harm: { cut: cuts, closedShare } }) => ({ app, precision, recallVisible, portPrecision, traps: trapsTaken.length, cut: cuts.length, closedShare }));
  console.log(JSON.stringify({ bench: 'ground-truth', ...tallies, cut, closedShare: Math.round((closed / Math.max(1, silent)) * 1000) / 1000, apps: rows }));
}

main();
