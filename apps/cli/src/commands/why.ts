import { workloadKey } from '#model';
import { type ApprovalShape, routes, type WhyShape, type WhySideShape } from '#operator-api';
import { readPort } from '#policy';

import { ExitCode } from '../exit-code.ts';
import { complain, type LiveOptions, withController } from '../live/live-command.ts';
import { actorText, peersText, portsText, timeText } from '../live/live-text.ts';
import { OUTPUT_NAMES, realisationText } from '../live/output-text.ts';
import { remedyLines } from '../live/remedy-text.ts';
import { cleanText } from '../output/clean-text.ts';
import { printJson } from '../output/json.ts';
import { portName } from '../output/peer-name.ts';
import { foldProse } from '../output/prose.ts';
import type { Terminal } from '../terminal.ts';

/** `ringfence why FROM TO [PORT]`: which rule lets it through, which revision, who approved it and when; or what is missing. */
export async function runWhy(from: string | undefined, to: string | undefined, portText: string | undefined, options: LiveOptions, terminal: Terminal): Promise<ExitCode> {
  if (from === undefined || to === undefined) return complain('why', ['name both ends: namespace/kind/name, namespace/pod, an address or internet'], terminal);
  const port = portText === undefined ? undefined : readPort(portText);
  if (portText !== undefined && port === undefined) return complain('why', [`${portText}: give a port and protocol, such as 5432/TCP, 53/UDP or ICMP`], terminal);
  return withController('why', options, terminal, async (client) => {
    const answer = await client.ask(routes.why, { query: { from, to, port: port?.port, protocol: port?.protocol } });
    if (options.output === 'json') printJson(answer, terminal);
    else terminal.out(foldProse(whyLines(answer, Date.now()).map((line) => `${line.replace(/\S.*$/, cleanText)}\n`).join(''), terminal.proseColumns));
    return ExitCode.fine;
  });
}

type Connection = WhyShape['connections'][number];

function whyLines({ revision, connections, known }: WhyShape, now: number): readonly string[] {
  return [
    ...connections.flatMap((connection) => [...connectionLines(connection, now), '']),
    ...(known.length === 0 ? ['nothing declares or shows that they talk'] : ['what is known between them:']),
    ...known.flatMap(({ port, protocol, tier, confidence, evidence }) => [`  ${portName(port, protocol)}, ${tier}, ${String(Math.round(confidence * 100))} % sure`, ...evidence.map(({ kind, text }) => `    ${kind}: ${text}`)]),
    '',
    revision === 0 ? 'nothing is approved yet' : `by revision ${String(revision)}`,
  ];
}

function connectionLines(connection: Connection, now: number): readonly string[] {
  const { from, to, port, protocol, alike, sides } = connection;
  const others = alike > 1 ? ` (and ${String(alike - 1)} more alike)` : '';
  return [`${wordFor(connection)}: ${from} -> ${to} ${protocol === 'ICMP' ? 'ICMP' : portName(port, protocol)}${others}`, ...sides.flatMap((side) => sideLines(side, now))];
}

// What is approved drops only where it is enforced; what others wrote drops whatever is set here.
function wordFor({ decision, now, sides }: Connection): string {
  if (now === 'deny') return decision === 'deny' ? 'DENIED' : 'DENIED (until what is approved is enforced)';
  if (decision === 'allow') return 'ALLOWED';
  if (decision === 'unknown' || now === 'unknown') return 'UNKNOWN';
  const modes = sides.filter(({ isAllowed }) => !isAllowed).map(({ mode }) => mode);
  if (modes.includes('audit')) return 'WOULD BE DENIED (audit: counted and let through)';
  return modes.includes('observe') ? 'WOULD BE DENIED (observe: let through)' : 'WOULD BE DENIED (its policies go nowhere: let through)';
}

function sideLines(side: WhySideShape, now: number): readonly string[] {
  const { direction, subject, workload, mode, written, reasons, rules, missing, closedBy, remedies } = side;
  const whose = workload === undefined ? subject : workloadKey(workload);
  return [
    `  ${direction} of ${whose}${mode === undefined ? '' : `, mode ${mode}`}:`,
    ...(written === undefined ? [] : [`    ${writtenText(written, now)}`]),
    ...reasons.map(({ text }) => `    ${text}`),
    ...rules.flatMap(({ rule, approval, policy }) => [
      `    rule ${rule.id}: ${direction === 'ingress' ? 'from' : 'to'} ${peersText(rule.peers)}, ${portsText(rule.ports)}`,
      approval === undefined ? `      of ${policy}, which was found and not approved here` : `      ${approvalText('approved', approval, now)}`,
      ...(rule.expiresAt === undefined ? [] : [`      ends ${timeText(rule.expiresAt, now)}`]),
    ]),
    ...(rules.length === 0 && closedBy !== undefined ? [`    ${approvalText('closed', closedBy, now)}`] : []),
    ...(missing === undefined ? [] : [`    ${missing}`]),
    ...remedies.flatMap(remedyLines).map((line) => `      ${line}`),
  ];
}

function writtenText({ output, policy, realisation }: NonNullable<WhySideShape['written']>, now: number): string {
  if (policy === undefined) return `${OUTPUT_NAMES[output]}: none is written for it`;
  return `${OUTPUT_NAMES[output]}: ${policy} is ${realisation === undefined ? 'not written yet' : realisationText(realisation, now)}`;
}

function approvalText(word: string, { revision, by, at, reason, ticket }: ApprovalShape, now: number): string {
  return `${word} in revision ${String(revision)} by ${actorText(by)}, ${timeText(at, now)}${reason === undefined ? '' : `: ${reason}`}${ticket === undefined ? '' : ` (${ticket})`}`;
}
