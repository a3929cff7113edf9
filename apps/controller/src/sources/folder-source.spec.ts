import { afterAll, describe, expect, test } from '@jest/globals';
import { appendFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { SourceUpdate } from '#model';

import { FolderSource } from './folder-source.ts';

describe('a folder that is followed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ringfence-folder-'));
  const told: SourceUpdate[] = [];
  const troubles: string[] = [];
  let onSettled: () => void = () => undefined;
  const source = new FolderSource({
    paths: [folder],
    onUpdate: (update) => told.push(update),
    onLook: ({ isSettled }) => {
      if (isSettled) onSettled();
    },
    onTrouble: (why) => troubles.push(why),
  });

  /** Until everything that was written counts. */
  function nextSettled(): Promise<void> {
    return new Promise((resolve) => {
      onSettled = resolve;
    });
  }

  afterAll(() => {
    source.stop();
    rmSync(folder, { recursive: true });
  });

  test('tells Compose projects, with the addresses of both families that they publish ports on', async () => {
    cpSync(join(import.meta.dirname, '../../../../policies/examples/shop/compose'), folder, { recursive: true });
    writeFileSync(join(folder, 'other.compose.yaml'), 'name: other\nservices:\n  web:\n    image: web:1\n    ports: ["127.0.0.1:8080:80", "[::1]:8080:80"]\n');
    const read = nextSettled();
    source.start();
    await read;
    expect(troubles).toEqual([]);
    expect(told.length).toBeGreaterThan(1);
    expect(told.every(({ value }) => value !== undefined)).toBe(true);
  });

  test('tells what changed and nothing else, and what is gone', async () => {
    const first = told.splice(0);
    const changed = nextSettled();
    appendFileSync(join(folder, 'other.compose.yaml'), '  cache:\n    image: cache:1\n');
    await changed;
    expect(told.length).toBeGreaterThan(0);
    expect(told.length).toBeLessThan(first.length);
    const keys = new Set(first.map(({ key }) => key));
    told.splice(0);
    const removed = nextSettled();
    rmSync(join(folder, 'other.compose.yaml'));
    await removed;
    expect(told.filter(({ value }) => value === undefined).some(({ key }) => keys.has(key))).toBe(true);
  });
});
