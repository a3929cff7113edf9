/**
 * Bounds on what is read, each far above anything a cluster would accept, so that hostile input
 * costs a diagnostic and not the machine.
 */
export const READ_LIMITS = {
  /** Characters of one file or of standard input. */
  text: 64 * 1024 * 1024,
  /** Documents of one file, and items of all its Lists. */
  objects: 250_000,
  /** Words and marks of one YAML document; an object of three megabytes, twice what a cluster stores, has fewer. */
  lexemes: 1_000_000,
  /** Mappings and sequences inside each other. */
  depth: 128,
  /** Nodes a document may stand for once its aliases are written out. */
  expandedNodes: 1_000_000,
  /** Problems reported for one document; the first ones say what is wrong. */
  problems: 5,
  /** Problems reported for one file; the rest are counted. */
  problemsOfFile: 1_000,
} as const;
