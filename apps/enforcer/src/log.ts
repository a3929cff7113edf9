import { writeSync } from 'node:fs';

export type LogLevel = 'info' | 'warning' | 'error';

/** Writes one JSON object a line; never anything of a bundle but names, numbers and digests. */
export type Log = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void;

const LONGEST = 8_000;

export function standardErrorLog(): Log {
  return (level, message, fields = {}) => {
    const line = JSON.stringify({ time: new Date().toISOString(), level, message, ...fields });
    writeWhole(2, `${line.length > LONGEST ? JSON.stringify({ time: new Date().toISOString(), level, message: message.slice(0, 500), isShortened: true }) : line}\n`);
  };
}

/** Writes all of a text; what nobody takes is not worth stopping for. */
export function writeWhole(fd: number, text: string): void {
  const bytes = Buffer.from(text, 'utf8');
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
  } catch {
    // a full pipe or a closed terminal: enforcing goes on
  }
}
