import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { linesOfFile } from './flow-lines.ts';
import { MOST_FLOWS } from './flow-tally.ts';
import { readFlows } from './read-flows.ts';

const plain = { time: '2026-01-31T12:00:00Z', from: 'shop/web-1', to: 'shop/db-0', port: 5432, protocol: 'TCP' };

function line(fields: Record<string, unknown> = {}): string {
  return JSON.stringify({ ...plain, ...fields });
}

describe('equal flows', () => {
  it('are added up under their first line and last time', () => {
    const lines = [line({ count: 2, bytes: 5 }), line({ time: '2026-01-31T12:00:09Z' }), line({ time: '2026-01-31T12:00:04.5Z', bytes: 7 })];
    expect(readFlows(lines, 'f').flows).toMatchObject([{ count: 4, bytes: 12, line: 1, time: '2026-01-31T12:00:09Z' }]);
  });

  it('are told the later time across time zones', () => {
    const lines = [line({ time: '2026-01-31T12:00:00Z' }), line({ time: '2026-01-31T11:30:00-02:00' })];
    expect(readFlows(lines, 'f').flows[0]?.time).toBe('2026-01-31T11:30:00-02:00');
  });

  it.each([{ from: 'shop/web-2' }, { to: '192.0.2.1' }, { port: 5433 }, { protocol: 'UDP' }, { forwarded: false }, { application: 'http' }, { host: 'db.example.com' }])(
    'are not those that differ in %j',
    (fields) => {
      expect(readFlows([line(), line(fields)], 'f').flows.map((flow) => flow.line)).toEqual([1, 2]);
    },
  );
});

describe('a file of flows', () => {
  it('may have a byte order mark, CRLF, empty lines and no end', () => {
    const { flows, diagnostics } = readFlows(`\uFEFF${line()}\r\n\r\n${line({ port: 1 })}`, 'f');
    expect(flows.map((flow) => flow.line)).toEqual([1, 3]);
    expect(diagnostics).toEqual([]);
  });

  it.each(['not json', '[]', 'null', '7', '"text"', '{}', '{"a":1}', '{"__proto__":{"from":"shop/a","to":"shop/b"}}', '['.repeat(50_000), '\u001b[31m'])(
    'is read around the line %s',
    (bad) => {
      const { flows, diagnostics } = readFlows([line(), bad, line()], 'f');
      expect(flows).toMatchObject([{ count: 2 }]);
      expect(diagnostics).toMatchObject([{ code: 'flow-line-invalid', severity: 'warning', origin: { file: 'f', line: 2 } }]);
      expect(diagnostics[0]?.message).not.toContain('\u001b');
    },
  );

  it('names the first bad lines and counts the rest', () => {
    const { diagnostics } = readFlows(Array<string>(1_000).fill('x'), 'f');
    expect(diagnostics).toHaveLength(21);
    expect(diagnostics.at(-1)).toMatchObject({ code: 'flow-lines-invalid', message: expect.stringContaining('1000 lines') });
  });

  it('is not held by a line without an end', () => {
    expect(readFlows(['x'.repeat(2_000_000)], 'f').diagnostics[0]?.message).toContain('longer than a flow');
  });

  it('is cut, and says so, where it has too many different flows', () => {
    function* many() {
      for (let port = 0; port < MOST_FLOWS + 10; port += 1) yield line({ from: `192.0.${(port >> 8) & 255}.${port & 255}`, port: (port >> 16) + 1 });
    }
    const { flows, diagnostics } = readFlows(many(), 'f');
    expect(flows).toHaveLength(MOST_FLOWS);
    expect(diagnostics).toMatchObject([{ code: 'flows-cut', message: expect.stringContaining('10 lines') }]);
  });

  it('is read from disk in pieces, whatever they cut apart', () => {
    const folder = mkdtempSync(join(tmpdir(), 'flows-'));
    try {
      const path = join(folder, 'f.jsonl');
      const text = Array.from({ length: 5_000 }, (_, at) => `line ${at} – ünïcode`).join('\n');
      writeFileSync(path, text);
      expect([...linesOfFile(path)].join('\n')).toBe(text);
      writeFileSync(path, 'x'.repeat(3_000_000));
      expect([...linesOfFile(path)].map((cut) => cut.length)).toEqual([1_048_577]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
