import { describe, expect, it } from '@jest/globals';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { FlowReport } from '#model';

import { feedHubble } from './hubble-feed.ts';

function event(second: number, address: string): string {
  const time = new Date(Date.parse('2026-02-01T00:00:00Z') + second * 1_000).toISOString();
  return `${JSON.stringify({ flow: { time, verdict: 'FORWARDED', IP: { source: address, destination: '2001:db8::9' }, l4: { TCP: { source_port: 40_000, destination_port: 80, flags: { SYN: true } } }, node_name: 'node-a' } })}\n`;
}

describe('Hubble as a source of the controller', () => {
  it('hands reports on as files grow, says what it cannot read, and goes on after a refusal', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hubble-feed-'));
    const path = join(folder, 'events.log');
    writeFileSync(path, event(0, '2001:db8::1') + event(15, '2001:db8::2'));
    const reports: FlowReport[] = [];
    const warnings: string[] = [];
    try {
      await new Promise<void>((resolve) => {
        const end = feedHubble(
          {
            report: (report) => {
              reports.push(report);
              if (reports.length === 2) appendFileSync(path, event(30, '2001:db8::3') + event(60, '2001:db8::4'));
              if (reports.length < 4) return reports.length === 1 ? Promise.reject(new Error('no')) : Promise.resolve();
              end();
              resolve();
              return Promise.resolve();
            },
          },
          [path, join(folder, 'absent.log')],
          { warn: (about: { readonly why: string }) => warnings.push(about.why) } as never,
        );
      });
      expect(reports.map(({ reporter, flows }) => `${reporter} ${flows[0]?.client.address}`)).toEqual(['node-a 2001:db8::1', 'node-a 2001:db8::2', 'node-a 2001:db8::3', 'node-a 2001:db8::4']);
      expect(warnings.sort()).toEqual(['no', expect.stringContaining('absent.log')]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
