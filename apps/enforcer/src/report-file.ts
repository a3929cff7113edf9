import { closeSync, fstatSync, openSync, renameSync } from 'node:fs';

import { writeWhole } from './log.ts';

export interface ReportFile {
  readonly write: (kind: string, fields: object) => void;
  readonly close: () => void;
}

const MOST_BYTES = 64 * 2 ** 20;

/** Reports as JSON lines, each with its time; a file that grew too long is kept once as `FILE.1`. */
export function openReportFile(path: string | undefined, mostBytes = MOST_BYTES): ReportFile {
  if (path === undefined) return { write: () => undefined, close: () => undefined };
  const line = (kind: string, fields: object): string => `${JSON.stringify({ at: new Date().toISOString(), ...fields, kind })}\n`;
  if (path === '-') {
    return {
      write: (kind, fields) => {
        writeWhole(1, line(kind, fields));
      },
      close: () => undefined,
    };
  }
  let fd = openSync(path, 'a', 0o600);
  let size = fstatSync(fd).size;
  return {
    write: (kind, fields) => {
      const text = line(kind, fields);
      if (size > 0 && size + text.length > mostBytes) {
        closeSync(fd);
        renameSync(path, `${path}.1`);
        fd = openSync(path, 'a', 0o600);
        size = 0;
      }
      writeWhole(fd, text);
      size += Buffer.byteLength(text);
    },
    close: () => {
      closeSync(fd);
    },
  };
}
