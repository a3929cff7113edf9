import type { Diagnostic, SourceUpdate } from '#model';

/** Who is told what a source of metadata on this node says. */
export interface MetadataListener {
  readonly updates: (updates: readonly SourceUpdate[]) => void;
  /** Everything there is has been told. May be said more than once. */
  readonly inSync: () => void;
  readonly problem: (diagnostic: Diagnostic) => void;
}

/**
 * Something on this node that knows what runs here: a container engine, the host itself.
 *
 * What it says is metadata for the controller; no rule is made of it here.
 */
export interface MetadataSource {
  /** What its updates name as their source; `inSync` is about exactly those. */
  readonly name: string;
  /** Begins; called once. */
  start(listener: MetadataListener): void;
  /** Ends everything under way; nobody is called once it answers. */
  stop(): Promise<void>;
}
