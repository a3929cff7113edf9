import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';

import { repositoryRoot } from './shared.ts';

/**
 * Compares a text with the file at `path`, byte for byte, and shows the first line that differs.
 *
 * With UPDATE_GOLDEN=1 the file is written instead; a CI run ignores that, so a golden
 * file only ever changes in a diff that somebody reads.
 */
export function expectGolden(path: string, text: string): void {
  const name = relative(repositoryRoot, path);
  if (isUpdating()) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return;
  }
  if (!existsSync(path)) {
    throw new Error(`compare with ${name}: no such file; UPDATE_GOLDEN=1 writes it`);
  }
  const golden = readFileSync(path, 'utf8');
  if (golden !== text) throw new Error(`compare with ${name}: ${firstDifference(golden, text)}`);
}

function isUpdating(): boolean {
  const { CI: ci = '', UPDATE_GOLDEN: update = '' } = process.env;
  return update === '1' && (ci === '' || ci === 'false' || ci === '0');
}

function firstDifference(golden: string, text: string): string {
  const expected = golden.split('\n');
  const received = text.split('\n');
  const line = expected.findIndex((content, index) => content !== received[index]);
  const at = line === -1 ? expected.length : line;
  return [
    `first difference in line ${at + 1} (golden ${expected.length} lines, now ${received.length})`,
    `  golden: ${JSON.stringify(expected[at] ?? null)}`,
    `  now:    ${JSON.stringify(received[at] ?? null)}`,
    'UPDATE_GOLDEN=1 accepts the new text',
  ].join('\n');
}
