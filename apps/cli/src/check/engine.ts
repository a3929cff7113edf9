import { createEvaluator } from '#policy';
import type { Connection, VerdictReason } from '#model';

import type { World } from './placement.ts';

export interface EngineVerdict {
  readonly allow: boolean;
  /** What decided, for people. */
  readonly decidedBy: string;
}

/** An engine made ready for one world. */
export interface Prepared {
  /** Told beforehand what it will be asked, an engine may try it all at once. */
  expect?(connections: readonly Connection[]): void;
  verdict(connection: Connection): EngineVerdict;
  /** Moves on to the next world by the engine's incremental way, where it has one. */
  update(next: World): Prepared;
  /** Equal where the engine has come to the same place, whichever way it went; absent where it keeps nothing. */
  readonly state?: string;
}

/** Something that gives verdicts on packets: `evaluate` itself, or emitted rules read back. */
export interface Engine {
  readonly name: string;
  prepare(world: World): Prepared;
  /** Gives back what it holds of the system, where it holds anything. */
  close?(): void;
}

/** The evaluator keeps nothing from one world to the next, so its incremental way is to start again. */
export const evaluateEngine: Engine = {
  name: 'evaluate',
  prepare({ snapshot, revision }) {
    const evaluator = createEvaluator(revision, snapshot);
    return {
      verdict(connection) {
        const { decision, reasons } = evaluator.evaluate(connection);
        // enforcing treats what is not known as denied
        return { allow: decision === 'allow', decidedBy: decidingText(reasons, decision === 'allow') };
      },
      update: (next) => evaluateEngine.prepare(next),
    };
  },
};

function decidingText(reasons: readonly VerdictReason[], isAllowed: boolean): string {
  const deciding = isAllowed ? reasons : reasons.filter((reason) => reason.effect === 'deny');
  return (deciding.length > 0 ? deciding : reasons).map((reason) => `${reason.direction}: ${reason.text}`).join('; ');
}
