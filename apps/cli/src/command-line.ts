import { Argument, Command, Option } from 'commander';

import { act, output, type Report, withSchema } from './command-wiring.ts';
import { addLiveCommands, serverOptions } from './live-commands.ts';
import type { Terminal } from './terminal.ts';

const PATHS = 'manifest or Compose files, folders (read recursively), or - for standard input';

/**
 * The commands and their options. Nothing a command needs is imported before it is called, so
 * `--help` costs no more than this file and the parser.
 */
export function commandLine(version: string, terminal: Terminal, report: Report): Command {
  const program = new Command('ringfence')
    .description('Learns who talks to whom from what is already written down, and turns it into least-privilege network policy.')
    .version(version)
    .configureOutput({ writeOut: (text) => { terminal.out(text); }, writeErr: (text) => { terminal.err(text); } })
    .configureHelp({ helpWidth: Math.min(terminal.columns, 120) })
    // an option after a command is that command's, also where the group has one of this name
    .enablePositionalOptions()
    .showHelpAfterError('(see --help)')
    .exitOverride();

  const command = (name: string, summary: string): Command => withSchema(program.command(name).description(summary).exitOverride());

  addGraph(command('graph', 'show who talks to whom, with the evidence for every edge; without paths as a controller knows it'), terminal, report);
  addGenerate(command('generate', 'write least-privilege policies for what the manifests declare'), terminal, report);
  addCheck(command('check', 'run NetworkPolicy conformance cases against an engine'), terminal, report);
  addExplain(command('explain', 'say whether a connection is let through, and which rules decide it'), terminal, report);
  addDiff(command('diff', 'list the connectivity that opens and closes between two policy sets, or two revisions'), terminal, report);
  addSimulate(command('simulate', 'replay flows against the policies, or what is proposed: which would die, which paths stay open unused'), terminal, report);
  addLab(program.command('lab').description('try policies on a cluster made of network namespaces (needs root)').exitOverride(), terminal, report);
  addNode(program.command('node').description('what the enforcer of this node does, and what it enforces (needs root)').exitOverride(), terminal, report);
  addVerify(command('verify', 'test invariants such as "data is never reachable from the edge"'), terminal, report);
  addLiveCommands(command, terminal, report);
  return program;
}

const paths = (): Argument => new Argument('[path...]', PATHS);
const defaultNamespace = (): Option => new Option('--default-namespace <ns>', 'namespace of objects that name none; project of a single Compose file');
const tier = (): Option =>
  new Option('--tier <tier>', 'which evidence becomes a rule: strong, or all (weak too)').choices(['strong', 'all']).default('strong');

function addGraph(command: Command, terminal: Terminal, report: Report): void {
  serverOptions(command)
    .addArgument(paths())
    .addOption(defaultNamespace())
    .addOption(new Option('--namespace <ns>', 'of a controller: only edges with an end in this namespace'))
    .addOption(new Option('--workload <workload>', 'of a controller: only edges of namespace/kind/name'))
    .addOption(output('table', 'json', 'dot', 'mermaid'));
  act<[string[]]>(command, terminal, report, async (given, options) => {
    const { runGraph } = await import('./commands/graph.ts');
    return runGraph(given, options, terminal);
  });
}

function addGenerate(command: Command, terminal: Terminal, report: Report): void {
  command
    .addArgument(paths())
    .addOption(new Option('--target <target>', 'what to write').choices(['networkpolicy', 'nftables']).default('networkpolicy'))
    .addOption(tier())
    .addOption(new Option('--nodes <n>', 'example nodes to place replicas on where the input has no Pods').default('1'))
    .addOption(new Option('--out <dir>', 'write one file per policy or node into this folder instead of standard output'))
    .addOption(defaultNamespace())
    .addOption(new Option('-o, --output <format>', 'text (YAML or nft; yaml means the same), or json').choices(['text', 'yaml', 'json']).default('text'));
  act<[string[]]>(command, terminal, report, async (given, options) => {
    const { runGenerate } = await import('./commands/generate.ts');
    return runGenerate(given, options, terminal);
  });
}

function addCheck(command: Command, terminal: Terminal, report: Report): void {
  command
    .addArgument(new Argument('[cases...]', 'files of cases, one JSON object a line'))
    .addOption(new Option('--engine <engine>', 'what gives the verdicts').choices(['evaluate', 'trace', 'kernel']).default('evaluate'))
    .option('--core', 'only the probes marked core', false)
    .addOption(output('table', 'json'));
  act<[string[]]>(command, terminal, report, async (given, options) => {
    const { runCheck } = await import('./commands/check.ts');
    return runCheck(given, options, terminal);
  });
}

function addExplain(command: Command, terminal: Terminal, report: Report): void {
  command
    .addArgument(paths())
    .addOption(new Option('--from <end>', 'namespace/kind/name, namespace/pod, or an address'))
    .addOption(new Option('--to <end>', 'namespace/kind/name, namespace/pod, or an address'))
    .addOption(new Option('--port <port>', 'destination port and protocol, such as 5432/TCP'))
    .addOption(new Option('--application <name>', 'protocol the connection speaks, such as postgresql'))
    .addOption(tier())
    .addOption(defaultNamespace())
    .addOption(output('table', 'json'));
  act<[string[]]>(command, terminal, report, async (given, options) => {
    const { runExplain } = await import('./commands/explain.ts');
    return runExplain(given, options, terminal);
  });
}

function addDiff(command: Command, terminal: Terminal, report: Report): void {
  serverOptions(command)
    .argument('[old]', 'file or folder with the policies before; or a revision number; without, what is in force against everything proposed')
    .argument('[new]', 'file or folder with the policies after; or a revision number, or proposals')
    .option('--exit-code', 'exit with 1 where anything opens or closes', false)
    .addOption(tier())
    .addOption(defaultNamespace())
    .addOption(output('table', 'json'));
  act<[string | undefined, string | undefined]>(command, terminal, report, async (before, after, options) => {
    const { runDiff } = await import('./commands/diff.ts');
    return runDiff(before, after, options, terminal);
  });
}

function addSimulate(command: Command, terminal: Terminal, report: Report): void {
  serverOptions(command)
    .addArgument(paths())
    .addOption(new Option('--workload <workload...>', 'of a controller: as if these proposals were approved; without, all that are ready'))
    .addOption(new Option('--days <n>', 'of a controller: replay what was seen in so many days').default('7'))
    .addOption(new Option('--flows <file>', 'flows as JSON lines, ours or Hubble\'s; - for standard input'))
    .addOption(tier())
    .addOption(defaultNamespace())
    .addOption(output('table', 'json'));
  act<[string[]]>(command, terminal, report, async (given, options) => {
    const { runSimulate } = await import('./commands/simulate.ts');
    return runSimulate(given, options, terminal);
  });
}

function addVerify(command: Command, terminal: Terminal, report: Report): void {
  command
    .addArgument(paths())
    .addOption(new Option('--invariants <file>', 'InvariantSet file'))
    .addOption(tier())
    .addOption(defaultNamespace())
    .addOption(output('table', 'json'));
  act<[string[]]>(command, terminal, report, async (given, options) => {
    const { runVerify } = await import('./commands/verify.ts');
    return runVerify(given, options, terminal);
  });
}

function addLab(lab: Command, terminal: Terminal, report: Report): void {
  const up = (name: string, summary: string): Command =>
    withSchema(lab.command(name, { hidden: name === 'keep' }).description(summary).exitOverride())
      .addArgument(paths())
      .addOption(new Option('--nodes <n>', 'example nodes, where the input has none').default('3'))
      .option('--enforce', 'load the rules of the policies of the input, or of the ones learned from it', false)
      .addOption(defaultNamespace())
      .addOption(output('table', 'json'));
  act<[string[]]>(up('up', 'bring manifests up as network namespaces with small servers'), terminal, report, async (given, options) => {
    const { runLabUp } = await import('./commands/lab.ts');
    return runLabUp(given, options, terminal);
  });
  act<[string[]]>(up('keep', 'the process that holds a lab'), terminal, report, async (given, options) => {
    const { runLabKeep } = await import('./commands/lab.ts');
    return runLabKeep(given, options, terminal);
  });
  const show = (name: string, summary: string): Command => withSchema(lab.command(name).description(summary).exitOverride()).addOption(output('table', 'json'));
  act<[]>(show('status', 'show the namespaces of the lab'), terminal, report, async (options) => {
    const { runLabStatus } = await import('./commands/lab.ts');
    return runLabStatus(options, terminal);
  });
  act<[]>(show('traffic', 'let the clients talk, and show what got through and what died'), terminal, report, async (options) => {
    const { runLabTraffic } = await import('./commands/lab.ts');
    return runLabTraffic(options, terminal);
  });
  act<[]>(show('down', 'take the lab away, and what killed ones left behind'), terminal, report, async (options) => {
    const { runLabDown } = await import('./commands/lab.ts');
    return runLabDown(options, terminal);
  });
}

function addNode(node: Command, terminal: Terminal, report: Report): void {
  const local = (name: string, summary: string): Command =>
    withSchema(node.command(name).description(summary).exitOverride())
      .addOption(new Option('--socket <path>', 'where the enforcer takes orders').default('/run/ringfence/enforcer.sock'))
      .addOption(new Option('--state <dir>', 'state folder of the enforcer, for when none runs').default('/var/lib/ringfence'))
      .addOption(new Option('--netns <path>', 'network namespace, for when no enforcer runs'))
      .addOption(output('table', 'json'));
  act<[]>(local('status', 'say whether this node enforces, what, and since when'), terminal, report, async (options) => (await import('./commands/node.ts')).runNodeStatus(options, terminal));
  act<[]>(local('show', 'show what is enforced: pods, profiles, rules and how often they were hit'), terminal, report, async (options) => (await import('./commands/node.ts')).runNodeShow(options, terminal));
  const why = local('why', 'say which rule lets a connection pass, or what drops it').argument('[from]', 'namespace/pod of this node, an address, or node').argument('[to]', 'likewise').argument('[port]', 'such as 5432/TCP or ICMP');
  act<[string | undefined, string | undefined, string | undefined]>(why, terminal, report, async (from, to, port, options) => (await import('./commands/node.ts')).runNodeWhy(from, to, port, options, terminal));
  const apply = local('apply', 'enforce a bundle').argument('[file]', 'bundle, as `ringfence node bundle` writes it, or - for standard input').option('--confirm-within <seconds>', 'take it away again unless confirmed in time')
    .option('--keep', 'established connections it forbids stay until they end by themselves', false)
    .option('--drain <seconds>', 'established connections it forbids go on for so long; without either they are cut at once');
  act<[string | undefined]>(apply, terminal, report, async (file, options) => (await import('./commands/node.ts')).runNodeApply(file, options, terminal));
  act<[]>(local('confirm', 'say that a bundle on trial locked nobody out: it stays'), terminal, report, async (options) => (await import('./commands/node.ts')).runNodeConfirm(options, terminal));
  act<[]>(local('panic', 'open everything at once, until resumed').option('--yes', 'really', false), terminal, report, async (options) => (await import('./commands/node.ts')).runNodePanic(options, terminal));
  act<[]>(local('resume', 'enforce again after a panic'), terminal, report, async (options) => (await import('./commands/node.ts')).runNodeResume(options, terminal));
  const cert = withSchema(node.command('cert').description("issue the certificate a node's enforcer proves itself to the controller with").exitOverride())
    .argument('[name]', 'the node, as its orchestrator calls it')
    .addOption(new Option('--state <dir>', 'state folder of the controller (that of the one controller which ran here)'))
    .addOption(new Option('--out <dir>', 'where NAME.crt, NAME.key and ca.crt are written').default('.'))
    .addOption(new Option('--days <n>', 'how long it is good').default('90'))
    .option('--revoke', 'instead: what was issued for it is no longer good', false)
    .addOption(output('table', 'json'));
  act<[string | undefined]>(cert, terminal, report, async (name, options) => (await import('./commands/node-cert.ts')).runNodeCert(name, options, terminal));
  const bundle = node.command('bundle').description('write what a node enforces as the file its enforcer takes').exitOverride().addArgument(paths());
  bundle
    .addOption(new Option('--node <name>', 'which node'))
    .addOption(new Option('--out <file>', 'write here, by rename, instead of standard output'))
    .addOption(new Option('--mode <mode>', 'enforce; audit: only log what would be dropped; observe: only watch').choices(['enforce', 'audit', 'observe']).default('enforce'))
    .addOption(new Option('--fail-mode <mode>', 'addresses of the node that are no known pod are dropped, let through, or let through only while the controller is away').choices(['closed', 'open', 'open-unattended']).default('closed'))
    .addOption(tier())
    .addOption(new Option('--nodes <n>', 'example nodes, where the input has none').default('1'))
    .addOption(defaultNamespace());
  act<[string[]]>(bundle, terminal, report, async (given, options) => (await import('./commands/node-bundle.ts')).runNodeBundle(given, options, terminal));
}
