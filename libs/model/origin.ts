/** Where an object was read: file as the user named it (`-` for standard input), line from 1. */
export interface Origin {
  readonly file: string;
  readonly line: number;
}

/** `file:line`, as editors and terminals open it. */
export function formatOrigin(origin: Origin): string {
  return `${origin.file}:${String(origin.line)}`;
}
