import { compileNetworkPolicies, renderYaml } from '#compilers/kubernetes';
import { compileNodes, renderRuleset } from '#compilers/nftables';
import { placeExamplePods } from '#inventory';
import { type NotEnforced, notEnforced } from '#learning';
import type { Diagnostic, Snapshot } from '#model';
import { diagnosticShape } from '#operator-api';

import { ExitCode } from '../exit-code.ts';
import { digest } from '../offline/digest.ts';
import { readInput, reportInput } from '../offline/input.ts';
import { type Artefact, writeArtefacts } from '../offline/output-folder.ts';
import { refusedDirections } from '../offline/refused-directions.ts';
import { segment, type Segmentation, type TierChoice } from '../offline/segmentation.ts';
import { requirePaths } from '../offline/usage.ts';
import { printJson } from '../output/json.ts';
import { commentLines, notEnforcedLines } from '../output/not-enforced.ts';
import type { Terminal } from '../terminal.ts';

export interface GenerateOptions {
  readonly target: 'networkpolicy' | 'nftables';
  readonly tier: TierChoice;
  readonly nodes: string;
  readonly out?: string;
  readonly defaultNamespace?: string;
  readonly output: 'text' | 'yaml' | 'json';
}

interface Generated {
  readonly artefacts: readonly Artefact[];
  readonly diagnostics: readonly Diagnostic[];
  /** True where addresses in the artefacts are examples, so that they show the shape and must not be loaded. */
  readonly hasExamples: boolean;
}

const MOST_NODES = 1000;

/** `ringfence generate`: policies for what the manifests declare, and a list of what is left open and why. */
export function runGenerate(paths: readonly string[], options: GenerateOptions, terminal: Terminal): ExitCode {
  if (!requirePaths(paths, terminal)) return ExitCode.badInput;
  const nodes = /^\d{1,4}$/.test(options.nodes) ? Number(options.nodes) : 0;
  if (nodes < 1 || nodes > MOST_NODES) {
    terminal.err(`ringfence: --nodes ${options.nodes}: give a whole number from 1 to ${String(MOST_NODES)}\n`);
    return ExitCode.badInput;
  }
  const { snapshot, diagnostics } = readInput(paths, options, terminal);
  const placed = placeExamplePods(snapshot, { nodes });
  const segmentation = segment(placed, options.tier, options.target === 'nftables' ? snapshot.policies : []);
  const generated = options.target === 'nftables' ? nodeRulesets(segmentation, placed) : networkPolicies(segmentation, placed);
  const everything = [...diagnostics, ...segmentation.diagnostics, ...generated.diagnostics];
  const isComplete = reportInput(everything, terminal);
  if (options.out === undefined && options.target === 'nftables' && generated.artefacts.length > 1) {
    terminal.err('one ruleset a node follows, each replacing the whole table: load them on their own nodes (--out writes a file for each)\n');
  }
  const open = [...notEnforced(segmentation.proposals), ...refusedDirections(segmentation.proposals, generated.diagnostics)];
  if (options.out !== undefined && !writeArtefacts(options.out, generated.artefacts, terminal)) return ExitCode.badInput;
  if (options.output === 'json') {
    printJson(generateOutput(options.target, generated, open, everything), terminal);
  } else if (options.out === undefined) {
    terminal.out(asText(generated, notEnforcedLines(open, placed.workloads.size)));
  } else {
    terminal.err(`${notEnforcedLines(open, placed.workloads.size).join('\n')}\n`);
  }
  return isComplete ? ExitCode.fine : ExitCode.badInput;
}

function networkPolicies(segmentation: Segmentation, snapshot: Snapshot): Generated {
  const { objects, diagnostics } = compileNetworkPolicies(segmentation.revision, snapshot);
  const artefacts = objects.map((object) => ({ file: `${object.metadata.namespace}.${object.metadata.name}.yaml`, text: renderYaml([object]) }));
  return { artefacts, diagnostics, hasExamples: false };
}

function nodeRulesets(segmentation: Segmentation, snapshot: Snapshot): Generated {
  const { bundles, diagnostics } = compileNodes(segmentation.revision, snapshot, { digest });
  const hasExamples = [...snapshot.pods.values()].some((pod) => pod.isExample);
  const head = hasExamples ? commentLines(EXAMPLES) : '';
  const artefacts = bundles.map((bundle) => ({ file: `${bundle.node}.nft`, text: head + renderRuleset(bundle) }));
  return { artefacts, diagnostics, hasExamples };
}

const EXAMPLES = [
  'The input holds no Pods, so replicas stand on example nodes with example addresses:',
  'this shows the rules a node would load; compile from a running cluster before loading any.',
];

function asText(generated: Generated, notes: readonly string[]): string {
  return generated.artefacts.map(({ text }) => text).join('') + commentLines(notes);
}

function generateOutput(target: string, generated: Generated, open: readonly NotEnforced[], diagnostics: readonly Diagnostic[]): unknown {
  return {
    target,
    hasExampleAddresses: generated.hasExamples,
    artefacts: generated.artefacts,
    notEnforced: open,
    diagnostics: diagnostics.map(diagnosticShape),
  };
}
