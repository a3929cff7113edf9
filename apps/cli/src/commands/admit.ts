import { type ProjectsShape, routes } from '#operator-api';

import { ExitCode } from '../exit-code.ts';
import type { ControllerClient } from '../live/controller-client.ts';
import { complain, type LiveOptions, printNotes, withController } from '../live/live-command.ts';
import { actorText, dateText } from '../live/live-text.ts';
import { printJson } from '../output/json.ts';
import { formatTable } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';

export interface AdmitOptions extends LiveOptions {
  readonly reason?: string;
  readonly refuse: boolean;
  readonly clear: boolean;
}

/** `ringfence admit`: where Compose projects may run; `admit PROJECT NODE` says so for one. Exit 1 where somebody waits. */
export async function runAdmit(project: string | undefined, node: string | undefined, options: AdmitOptions, terminal: Terminal): Promise<ExitCode> {
  const { refuse, clear, reason } = options;
  if (refuse && clear) return complain('admit', ['--refuse and --clear: give one of them'], terminal);
  if (project === undefined && (refuse || clear)) return complain('admit', ['name a project and a node', 'ringfence admit lists them'], terminal);
  if (project !== undefined && node === undefined) return complain('admit', [`name the node that project ${project} may run on`, 'ringfence admit lists them'], terminal);
  return withController('admit', options, terminal, async (client) => {
    if (project === undefined || node === undefined) return show(client, options, terminal);
    const admission = refuse ? 'refused' : clear ? 'cleared' : 'admitted';
    const { notes } = await client.ask(routes.setProjectNode, { body: { project, node, admission, ...(reason === undefined ? {} : { reason }) } });
    printNotes(notes, terminal);
    await show(client, options, terminal);
    return ExitCode.fine;
  });
}

async function show(client: ControllerClient, { output }: AdmitOptions, terminal: Terminal): Promise<ExitCode> {
  const projects = await client.ask(routes.projects, {});
  if (output === 'json') printJson(projects, terminal);
  else printProjects(projects, terminal);
  return projects.waiting.length > 0 ? ExitCode.findings : ExitCode.fine;
}

const ADMISSIONS = { founded: 'was first', admitted: 'admitted', refused: 'refused' } as const;

function printProjects({ decided, waiting, more }: ProjectsShape, terminal: Terminal): void {
  if (decided.length + waiting.length === 0) {
    terminal.out('no Compose project is known on any node\n');
    return;
  }
  const rows = [
    ...waiting.map(({ project, node, containers }) => [project, node, 'waits', `${String(containers)} left out`, '', '']),
    ...decided.map(({ project, node, admission, by, at, reason = '' }) => [project, node, ADMISSIONS[admission], actorText(by), dateText(at), reason]),
  ];
  terminal.out(formatTable(['PROJECT', 'NODE', '', 'BY', 'AT', 'REASON'], rows, terminal.columns));
  if (more > 0) terminal.out(`and ${String(more)} more\n`);
}
