import { describe, expect, it } from '@jest/globals';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { withFolder } from '../../../test/support/temporary-folder.ts';
import { capabilityNames } from './capabilities.ts';
import { openReportFile } from './report-file.ts';

describe('the report', () => {
  it('is one JSON object a line, with its time and its kind, for its owner alone', () => {
    withFolder({}, (folder) => {
      const path = join(folder, 'report.jsonl');
      const report = openReportFile(path);
      report.write('applied', { hash: 'a1', kind: 'something else' });
      report.write('ready', { text: 'two\nlines' });
      report.close();
      const lines = readFileSync(path, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as unknown);
      expect(lines).toEqual([
        { at: expect.stringMatching(/^\d{4}-/), kind: 'applied', hash: 'a1' },
        { at: expect.any(String), kind: 'ready', text: 'two\nlines' },
      ]);
      expect(statSync(path).mode & 0o777).toBe(0o600);
    });
  });

  it('goes on behind what is there, and never grows beyond twice its limit', () => {
    withFolder({ 'report.jsonl': 'before\n' }, (folder) => {
      const path = join(folder, 'report.jsonl');
      const report = openReportFile(path, 200);
      for (let at = 0; at < 20; at += 1) report.write('line', { number: at });
      report.close();
      const [old, current] = [readFileSync(`${path}.1`, 'utf8'), readFileSync(path, 'utf8')];
      expect(Math.max(old.length, current.length)).toBeLessThanOrEqual(200);
      expect(current).toContain('"number":19');
    });
  });

  it('may be nowhere', () => {
    const report = openReportFile(undefined);
    report.write('line', {});
    report.close();
  });
});

describe('capabilities', () => {
  it('go by their names', () => {
    expect(capabilityNames('0000000000001000')).toEqual(['CAP_NET_ADMIN']);
    expect(capabilityNames('0000000000080001')).toEqual(['CAP_CHOWN', 'CAP_SYS_PTRACE']);
    expect(capabilityNames('no mask')).toEqual([]);
  });
});
