import { renameSync, writeFileSync } from 'node:fs';

import { compileNodes, type EnforcementMode, type FailMode, withNodeSettings } from '#compilers/nftables';
import { writeBundle } from '#dataplane';
import { placeExamplePods } from '#inventory';

import { ExitCode } from '../exit-code.ts';
import { digest } from '../offline/digest.ts';
import { readInput, reportInput } from '../offline/input.ts';
import { segment, type TierChoice } from '../offline/segmentation.ts';
import { requireOption, requirePaths } from '../offline/usage.ts';
import { cleanText } from '../output/clean-text.ts';
import type { Terminal } from '../terminal.ts';

export interface NodeBundleOptions {
  readonly node?: string;
  readonly out?: string;
  readonly tier: TierChoice;
  readonly mode: EnforcementMode;
  readonly failMode: FailMode;
  readonly nodes: string;
  readonly defaultNamespace?: string;
}

const MOST_NODES = 1000;

/** `ringfence node bundle`: what one node enforces of these manifests, as the file its enforcer takes. */
export function runNodeBundle(paths: readonly string[], options: NodeBundleOptions, terminal: Terminal): ExitCode {
  if (!requirePaths(paths, terminal) || !requireOption('--node', options.node, terminal)) return ExitCode.badInput;
  const nodes = Number(options.nodes);
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > MOST_NODES) return refuse(`--nodes ${options.nodes}: give a whole number from 1 to ${String(MOST_NODES)}`, terminal);
  const { snapshot, diagnostics } = readInput(paths, options, terminal);
  const placed = placeExamplePods(snapshot, { nodes });
  const segmentation = segment(placed, options.tier, snapshot.policies);
  const compiled = compileNodes(segmentation.revision, placed, { digest });
  const isComplete = reportInput([...diagnostics, ...segmentation.diagnostics, ...compiled.diagnostics], terminal);
  const found = compiled.bundles.find(({ node }) => node === options.node);
  if (found === undefined) return refuse(`there is no node ${options.node}; there ${namesOf(compiled.bundles.map(({ node }) => node))}`, terminal);
  if ([...placed.pods.values()].some((pod) => pod.isExample)) terminal.err('the input holds no Pods, so replicas stand on example addresses: this shows the form and protects nothing real\n');
  const settings = { ...(options.mode === 'enforce' ? {} : { modeOf: () => options.mode }), ...(options.failMode === 'closed' ? {} : { failMode: options.failMode }) };
  const bundle = withNodeSettings(found, settings, digest);
  const text = writeBundle(bundle);
  if (options.out === undefined) {
    terminal.out(text);
  } else {
    // by rename: an enforcer that watches the file never sees half of it
    writeFileSync(`${options.out}.tmp`, text, { mode: 0o600 });
    renameSync(`${options.out}.tmp`, options.out);
    terminal.err(`${options.out}: revision ${String(bundle.revision)}, ${String(bundle.pods.length)} pods, bundle ${bundle.hash}\n`);
  }
  return isComplete ? ExitCode.fine : ExitCode.badInput;
}

function namesOf(nodes: readonly string[]): string {
  return nodes.length === 0 ? 'are none' : `are ${nodes.slice(0, 20).join(', ')}${nodes.length > 20 ? ', …' : ''}`;
}

function refuse(text: string, terminal: Terminal): ExitCode {
  terminal.err(`ringfence node bundle: ${cleanText(text)}\n`);
  return ExitCode.badInput;
}
