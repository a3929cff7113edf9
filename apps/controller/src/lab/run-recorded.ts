import type { ControllerProcessOptions } from '../options.ts';

/** The example shop without packets. */
export async function runRecorded(options: ControllerProcessOptions, obstacle: string | undefined): Promise<void> {
  throw new Error(`not yet ${String(options.port)} ${String(obstacle)}`);
}
