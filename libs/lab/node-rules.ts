import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { NetworkNamespace } from './network-namespace.ts';

/** Where system tools live, which an ordinary PATH leaves out. */
export const SYSTEM_PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;

/** One text for `nft -f` and where to load it. */
export interface RulesToLoad {
  readonly node: string;
  readonly namespace: NetworkNamespace;
  readonly text: string;
}

/** Loads texts, all nodes side by side; each is one transaction. Throws with what `nft` said first. */
export function loadRules(all: readonly RulesToLoad[]): void {
  if (all.length === 0) return;
  const folder = mkdtempSync(join(tmpdir(), 'rf-lab-'));
  try {
    all.forEach(({ text }, at) => {
      writeFileSync(join(folder, `${String(at)}.nft`), text);
    });
    const start = all.map(({ namespace }, at) => `nsenter --net=${namespace.path} nft -f ${String(at)}.nft 2> ${String(at)}.err & p${String(at)}=$!`);
    const end = all.map((_, at) => `wait $p${String(at)} || { echo "${String(at)} $?"; head -c 2000 ${String(at)}.err; exit 1; }`);
    const ran = spawnSync('/bin/sh', ['-c', [...start, ...end].join('\n')], { cwd: folder, encoding: 'utf8', env: { ...process.env, PATH: SYSTEM_PATH }, timeout: 120_000 });
    if (ran.error !== undefined) throw new Error(`load rules: ${ran.error.message}`, { cause: ran.error });
    if (ran.status === 0) return;
    const [first = '', said = ''] = ran.stdout.split('\n');
    const [at, status] = first.split(' ');
    throw new Error(`load rules of node ${all[Number(at)]?.node ?? ''}: nft exited with ${status ?? ''}: ${said}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** One table of each node of a lab; loads only what is different from before. */
export class LabRules {
  readonly #nothing: string;
  readonly #loaded = new WeakMap<NetworkNamespace, string>();

  constructor(table: string) {
    this.#nothing = `add table ${table}\ndelete table ${table}\n`;
  }

  /** Makes the nodes load these texts, each of which replaces the table; nodes without one lose it. */
  load(namespaces: ReadonlyMap<string, NetworkNamespace>, texts: ReadonlyMap<string, string>): void {
    const changed: RulesToLoad[] = [];
    for (const [node, namespace] of namespaces) {
      const text = texts.get(node) ?? this.#nothing;
      if ((this.#loaded.get(namespace) ?? this.#nothing) !== text) changed.push({ node, namespace, text });
    }
    loadRules(changed);
    for (const { namespace, text } of changed) this.#loaded.set(namespace, text);
  }
}
