import { compareText } from '#model';
import type { ProjectNodes } from '#review';

/** Whether containers of a Compose project on a node are taken in. `unknown`: nobody has the project yet. */
export type ProjectStanding = 'admitted' | 'unknown' | 'waits' | 'refused';

/** Containers of a project that are left out until a person says where the project may run. */
export interface WaitingProject {
  readonly project: string;
  readonly node: string;
  readonly containers: number;
}

/**
 * Where Compose projects may run: what was decided, and who waits.
 *
 * Containers of one project on several nodes are one workload, so whoever holds the credential of a
 * node could put an address of its own wherever that workload is let in. The first node of a project
 * has it; every other one waits for a person.
 */
export class ProjectClaims {
  readonly #onFirst: (project: string, node: string) => void;
  #decided: ProjectNodes = new Map();
  readonly #waiting = new Map<string, Map<string, Set<string>>>();

  /** `onFirst` is told of a node that has containers of a project nobody has, again and again. */
  constructor(onFirst: (project: string, node: string) => void) {
    this.#onFirst = onFirst;
  }

  /** What was decided; gives the projects it is different for. */
  decide(decided: ProjectNodes): readonly string[] {
    const before = this.#decided;
    this.#decided = decided;
    return [...new Set([...before.keys(), ...decided.keys()])].filter((project) => before.get(project) !== decided.get(project));
  }

  /** `isNamedAfterNode`: another node has this very name, and what runs there under it is its own. */
  standing(project: string, node: string, isNamedAfterNode: boolean): ProjectStanding {
    const nodes = this.#decided.get(project);
    switch (nodes?.get(node)?.value) {
      case 'admitted':
        return 'admitted';
      case 'refused':
        return 'refused';
      case 'founded':
        return isNamedAfterNode ? 'waits' : 'admitted';
      case undefined:
        return nodes === undefined && !isNamedAfterNode ? 'unknown' : 'waits';
    }
  }

  /** Nodes that may have containers of a project. */
  nodesOf(project: string): readonly string[] {
    return [...(this.#decided.get(project) ?? [])].filter(([, { value }]) => value !== 'refused').map(([node]) => node).sort(compareText);
  }

  first(project: string, node: string): void {
    this.#onFirst(project, node);
  }

  /** A saying of a node waits, or does no longer. */
  note(id: string, project: string, node: string, isWaiting: boolean): void {
    const nodes = this.#waiting.get(project) ?? new Map<string, Set<string>>();
    const ids = nodes.get(node) ?? new Set();
    if (isWaiting) ids.add(id);
    else ids.delete(id);
    if (ids.size > 0) nodes.set(node, ids);
    else nodes.delete(node);
    if (nodes.size > 0) this.#waiting.set(project, nodes);
    else this.#waiting.delete(project);
  }

  /** Who waits for a person, by project and node. */
  waiting(): readonly WaitingProject[] {
    return [...this.#waiting]
      .flatMap(([project, nodes]) => [...nodes].map(([node, ids]) => ({ project, node, containers: ids.size })))
      .sort((a, b) => compareText(a.project, b.project) || compareText(a.node, b.node));
  }
}
