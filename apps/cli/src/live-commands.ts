import { type Command, Option } from 'commander';

import { act, output, type Report, withSchema } from './command-wiring.ts';
import type { Terminal } from './terminal.ts';

type NewCommand = (name: string, summary: string) => Command;

/** Where the controller is, and under which name decisions are recorded. */
export function serverOptions(command: Command): Command {
  return command
    .addOption(new Option('--server <url>', 'controller to ask (else RINGFENCE_SERVER, else http://127.0.0.1:8470)'))
    .addOption(new Option('--as <name>', 'name decisions are recorded under; your user name, if not given'));
}

const days = (): Option => new Option('--days <n>', 'replay what was seen in so many days').default('7');
const reason = (): Option => new Option('--reason <text>', 'why; it stays in the journal');
const hash = (): Option => new Option('--hash <hash>', 'only if this is still what is proposed, as show gave it');
const namespace = (): Option => new Option('--namespace <ns>', 'only this namespace');

/** The commands that ask a controller, or tell it what was decided. */
export function addLiveCommands(create: NewCommand, terminal: Terminal, report: Report): void {
  const live = (name: string, summary: string): Command => serverOptions(create(name, summary));
  addQuestions(live, terminal, report);
  addDecisions(live, terminal, report);
}

function addQuestions(live: NewCommand, terminal: Terminal, report: Report): void {
  act<[]>(live('status', 'say how the controller stands').addOption(output('table', 'json')), terminal, report, async (options) => (await import('./commands/status.ts')).runStatus(options, terminal));
  const flows = live('flows', 'show what was observed, and what was or would be denied')
    .addOption(namespace())
    .addOption(new Option('--workload <workload>', 'only flows of namespace/kind/name'))
    .addOption(new Option('--verdict <verdict>', 'only flows with this fate').choices(['allowed', 'denied', 'would-be-denied']))
    .option('--unattributed', 'ends that could not be told to be one workload’s instead, and why', false)
    .addOption(new Option('--since <span>', 'only what was seen within 30m, 24h, 7d'))
    .addOption(new Option('--limit <n>', 'at most so many').default('1000'))
    .addOption(output('table', 'json'));
  act<[]>(flows, terminal, report, async (options) => (await import('./commands/flows.ts')).runFlows(options, terminal));
  const proposals = live('proposals', 'list what is proposed, how much was learned, and what each waits for')
    .addOption(namespace())
    .addOption(new Option('--standing <standing>', 'only these').choices(['proposed', 'edited', 'approved', 'rejected']))
    .option('--ready', 'only what is ready to approve', false)
    .addOption(output('table', 'json'));
  act<[]>(proposals, terminal, report, async (options) => (await import('./commands/proposals.ts')).runProposals(options, terminal));
  const show = live('show', 'show what is proposed for a workload, rule by rule with its evidence').argument('[workload]', 'namespace/kind/name').addOption(output('table', 'json'));
  act<[string | undefined]>(show, terminal, report, async (workload, options) => (await import('./commands/show.ts')).runShow(workload, options, terminal));
  const why = live('why', 'say which rule lets a connection through and who approved it, or what is missing')
    .argument('[from]', 'namespace/kind/name, namespace/pod, an address or internet')
    .argument('[to]', 'likewise')
    .argument('[port]', 'such as 5432/TCP; without, every port known between them')
    .addOption(output('table', 'json'));
  act<[string | undefined, string | undefined, string | undefined]>(why, terminal, report, async (from, to, port, options) => (await import('./commands/why.ts')).runWhy(from, to, port, options, terminal));
  const revisions = live('revisions', 'list what was approved, or show one revision').argument('[number]', 'revision to show').addOption(output('table', 'json'));
  act<[string | undefined]>(revisions, terminal, report, async (number, options) => (await import('./commands/revisions.ts')).runRevisions(number, options, terminal));
  addNodes(live('nodes', 'show what each node is known to enforce; confirm what is on trial, or remove one that is no more'), terminal, report);
  act<[]>(live('outputs', 'show what is realised on the API server and in the folder').addOption(output('table', 'json')), terminal, report, async (options) => (await import('./commands/outputs.ts')).runOutputs(options, terminal));
  const journal = live('journal', 'list everything that was decided').addOption(new Option('--after <entry>', 'only what came after this entry').default('0'))
    .option('--verify', 'follow it from its first entry: is it what was written?', false)
    .addOption(new Option('--expect <entry:digest>', 'and is this entry the one whose digest was kept?')).addOption(output('table', 'json'));
  act<[]>(journal, terminal, report, async (options) => (await import('./commands/journal.ts')).runJournal(options, terminal));
}

function addNodes(nodes: Command, terminal: Terminal, report: Report): void {
  act<[]>(nodes.enablePositionalOptions().addOption(output('table', 'json')), terminal, report, async (options) => (await import('./commands/nodes.ts')).runNodes(options, terminal));
  const decide = (name: 'confirm' | 'retry', summary: string, which: string): void => {
    const command = serverOptions(withSchema(nodes.command(name).description(summary).exitOverride()))
      .argument('[node...]', 'nodes as ringfence nodes shows them')
      .option('--all', which, false)
      .option('--yes', 'do not ask', false)
      .addOption(reason())
      .addOption(new Option('--hash <hash>', 'only if the node still stands so with this bundle, as nodes -o json gave it'))
      .addOption(output('table', 'json'));
    act<[string[]]>(command, terminal, report, async (names, options) => (await import('./commands/nodes-confirm.ts')).runNodesConfirm(name, names, options, terminal));
  };
  decide('confirm', 'say that what nodes have on trial locked nobody out: it stays', 'every node that has something on trial');
  decide('retry', 'have nodes try again what nobody confirmed', 'every node that failed');
  const remove = serverOptions(withSchema(nodes.command('remove').description('say that a node is no more: what it said of what runs there does not count any more').exitOverride()))
    .argument('[node]', 'as ringfence nodes or ringfence status shows it')
    .addOption(reason())
    .addOption(output('table', 'json'));
  act<[string | undefined]>(remove, terminal, report, async (node, options) => (await import('./commands/nodes-remove.ts')).runNodesRemove(node, options, terminal));
}

function addDecisions(live: NewCommand, terminal: Terminal, report: Report): void {
  const approve = live('approve', 'approve what is proposed, after showing what would die and what would open')
    .argument('[workload...]', 'namespace/kind/name')
    .option('--all-ready', 'everything that is ready', false)
    .option('--yes', 'do not ask', false)
    .addOption(reason())
    .addOption(new Option('--ticket <ticket>', 'where it was discussed'))
    .addOption(new Option('--expires-in <span>', 'every rule approved here ends after 12h, 30d'))
    .addOption(new Option('--leave-out <rule...>', 'ids of rules not to approve'))
    .addOption(new Option('--admit <rule...>', 'ids of rules to approve although they are in quarantine'))
    .addOption(hash())
    .addOption(days())
    .addOption(output('table', 'json'));
  act<[string[]]>(approve, terminal, report, async (workloads, options) => (await import('./commands/approve.ts')).runApprove(workloads, options, terminal));
  const reject = live('reject', 'reject what is proposed; it is silent until its evidence changes').argument('[workload...]', 'namespace/kind/name').addOption(reason()).addOption(hash()).addOption(output('table', 'json'));
  act<[string[]]>(reject, terminal, report, async (workloads, options) => (await import('./commands/reject.ts')).runReject(workloads, options, terminal));
  const direction = (flag: string, text: string): Option => new Option(`${flag} <direction>`, text).choices(['ingress', 'egress']);
  const edit = live('edit', 'make one change to what is proposed for a workload')
    .argument('[workload]', 'namespace/kind/name')
    .addOption(direction('--add', 'add a rule: whom (--peer), on what (--port) and why (--why)'))
    .addOption(new Option('--peer <peer...>', 'namespace/kind/name, an address or block, a DNS name, internet or any'))
    .addOption(new Option('--port <port...>', '5432/TCP, 8000-8010/TCP, UDP or any'))
    .addOption(new Option('--speaks <application>', 'protocol the added rule is meant for'))
    .addOption(new Option('--why <text>', 'why the added rule is there'))
    .addOption(new Option('--drop <rule>', 'leave a proposed rule out'))
    .addOption(new Option('--narrow <rule>', 'keep only these peers or ports of a rule'))
    .addOption(new Option('--expire <rule>', 'let a rule end (--expires-in)'))
    .addOption(new Option('--expires-in <span>', 'such as 30d, or never'))
    .addOption(new Option('--enforce-application <rule>', 'refuse what speaks something else'))
    .addOption(direction('--leave-open', 'do not close a direction that could be'))
    .option('--discard', 'take every edit of the workload back', false)
    .addOption(reason())
    .addOption(hash())
    .addOption(output('table', 'json'));
  act<[string | undefined]>(edit, terminal, report, async (workload, options) => (await import('./commands/edit.ts')).runEdit(workload, options, terminal));
  const rollback = live('rollback', 'go back to an older revision, after showing what that opens and kills')
    .argument('[number]', 'revision; 0 leaves nothing approved')
    .option('--yes', 'do not ask', false)
    .addOption(reason())
    .addOption(new Option('--ticket <ticket>', 'where it was discussed'))
    .addOption(days())
    .addOption(output('table', 'json'));
  act<[string | undefined]>(rollback, terminal, report, async (number, options) => (await import('./commands/rollback.ts')).runRollback(number, options, terminal));
  const admit = live('admit', 'say on which nodes a Compose project may run, or list where they do and who waits')
    .argument('[project]', 'of Docker Compose')
    .argument('[node]', 'its containers there are taken in from now on')
    .option('--refuse', 'they are left out', false)
    .option('--clear', 'nobody has decided', false)
    .addOption(reason())
    .addOption(output('table', 'json'));
  act<[string | undefined, string | undefined]>(admit, terminal, report, async (project, node, options) => (await import('./commands/admit.ts')).runAdmit(project, node, options, terminal));
  const mode = live('mode', 'show what is observed, audited and enforced, or set it after showing what that would do')
    .argument('[scope]', 'cluster, a namespace, or namespace/kind/name; without a mode: the workloads in it')
    .argument('[mode]', 'observe, audit, enforce or clear')
    .addOption(new Option('--fate <fate>', 'of established connections a revision forbids: cut, keep, drain:SECONDS or clear'))
    .addOption(new Option('--target <target>', 'where policies of a namespace go').choices(['nftables', 'networkpolicy', 'folder', 'none', 'clear']))
    .option('--skip-ramp', 'enforce in the whole cluster although a namespace does not yet', false)
    .option('--dry-run', 'only show what it would do; exit 1 where something that gets through would be dropped', false)
    .option('--yes', 'do not ask', false)
    .addOption(days())
    .addOption(reason())
    .addOption(output('table', 'json'));
  act<[string | undefined, string | undefined]>(mode, terminal, report, async (scope, given, options) => (await import('./commands/mode.ts')).runMode(scope, given, options, terminal));
}
