import { workloadKey } from '#model';
import { routes } from '#operator-api';

import { ExitCode } from '../exit-code.ts';
import { reasonGiven } from '../live/confirming.ts';
import { complain, type LiveOptions, printNotes, withController } from '../live/live-command.ts';
import { readWorkload } from '../live/live-text.ts';
import { cleanText } from '../output/clean-text.ts';
import { printJson } from '../output/json.ts';
import type { Terminal } from '../terminal.ts';

export interface RejectOptions extends LiveOptions {
  readonly reason?: string;
  readonly hash?: string;
}

/** `ringfence reject`: what is proposed for these is silent until its evidence changes. */
export async function runReject(names: readonly string[], options: RejectOptions, terminal: Terminal): Promise<ExitCode> {
  const workloads = names.flatMap((text) => readWorkload(text) ?? []);
  if (workloads.length === 0 || workloads.length !== names.length) return complain('reject', ['name workloads as namespace/kind/name', 'ringfence proposals lists them'], terminal);
  if (options.hash !== undefined && workloads.length !== 1) return complain('reject', ['--hash is about one workload'], terminal);
  return withController('reject', options, terminal, async (client) => {
    const shown = await Promise.all(workloads.map(async (workload) => ({ workload, hash: options.hash ?? (await client.ask(routes.proposal, { params: workload })).hash })));
    const reason = reasonGiven('reject', options.reason, terminal);
    if (reason === undefined) return ExitCode.badInput;
    const done = await client.ask(routes.reject, { body: { proposals: shown, reason } });
    printNotes(done.notes, terminal);
    if (options.output === 'json') printJson(done, terminal);
    else terminal.out(`${cleanText(`rejected ${workloads.map(workloadKey).join(', ')}`)}\n`);
    return ExitCode.fine;
  });
}
