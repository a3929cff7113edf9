import type { ServiceGraph, Snapshot } from '#model';

import { readDeclared } from './declared/declared.ts';
import { discoverers } from './defined/discovery.ts';
import { readDefined } from './defined/read-defined.ts';
import { knowledgeOf } from './knowledge/knowledge.ts';
import { mergeRelationships } from './merge.ts';
import { serviceBackends } from './service-backends.ts';

/**
 * Infers who talks to whom from everything a snapshot declares.
 *
 *   addresses in texts ── readDeclared ──┐
 *                                        ├── merge ── relationships ── knowledgeOf ── what may be closed
 *   objects that are   ── readDefined ───┘
 *   a flow themselves
 *
 * What leads to nothing in the input is reported and opens nothing. Same snapshot, same graph.
 */
export function inferGraph(snapshot: Snapshot): ServiceGraph {
  const backends = serviceBackends(snapshot);
  const discoveries = discoverers(snapshot);
  const { relationships: declared, unresolved, diagnostics } = readDeclared(snapshot);
  const relationships = mergeRelationships([...declared, ...readDefined(snapshot, backends, discoveries)]);
  const knowledge = knowledgeOf({ snapshot, backends, relationships, unresolved, discoveries });
  return { relationships, unresolved, knowledge, diagnostics };
}
