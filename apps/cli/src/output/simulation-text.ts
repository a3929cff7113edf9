import { workloadKey } from '#model';
import type { SimulatedFlowShape, UnusedPathsShape } from '#operator-api';
import { formatPorts } from '#policy';

import type { Terminal } from '../terminal.ts';
import { portName } from './peer-name.ts';
import { formatTable } from './table.ts';

/** Flows that would die, and paths that are open although nothing asks for them. */
export function printLossesAndUnused({ lost, unused }: { readonly lost: readonly SimulatedFlowShape[]; readonly unused: UnusedPathsShape }, terminal: Terminal): void {
  if (lost.length > 0) terminal.out('\nWould die, most connections first:\n');
  terminal.out(formatTable(['SEEN', 'FROM', 'TO', 'PORT', 'VERDICT', 'BECAUSE'], lost.map(lossRow), terminal.columns));
  if (unused.length > 0) terminal.out('\nOpen by a rule, although no flow and no evidence asks for it:\n');
  const rows = unused.map(({ from, to, ports, rules }) => [workloadKey(from), workloadKey(to), formatPorts(ports), rules.join('; ')]);
  terminal.out(formatTable(['FROM', 'TO', 'PORTS', 'OPENED BY'], rows, terminal.columns));
}

/** Flows that were seen to get through, and that neither what is in force nor what would be lets through. */
export function printStayingDenied(flows: readonly SimulatedFlowShape[], terminal: Terminal): void {
  if (flows.length > 0) terminal.out('\nDenied by what is in force already:\n');
  terminal.out(formatTable(['SEEN', 'FROM', 'TO', 'PORT', 'VERDICT', 'BECAUSE'], flows.map(lossRow), terminal.columns));
}

function lossRow({ count, from, to, port, protocol, decision, text }: SimulatedFlowShape): readonly string[] {
  return [String(count), from, to, portName(port, protocol), decision, text];
}
