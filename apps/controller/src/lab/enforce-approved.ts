import type { Controller } from '../controller.ts';

/** Proposals are approved by hand here, and what is approved is enforced at once: nobody waits for a mode to be set. */
export async function enforceWhatIsApproved(controller: Controller): Promise<void> {
  if (controller.state.seq > 0) return;
  await controller.command({ kind: 'set-mode', scope: { kind: 'cluster' }, mode: 'enforce', skipsRamp: true, reason: 'the lab shows what enforcing does' }, { kind: 'rule', name: 'lab' });
}
