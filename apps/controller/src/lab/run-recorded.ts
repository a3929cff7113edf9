import { fileLog } from '../file-log.ts';
import { type ControllerProcessOptions, stateFolder } from '../options.ts';
import { stopOnSignals } from '../process-end.ts';
import { startController } from '../start.ts';
import { prepareStateFolder } from '../state-folder.ts';
import { enforceWhatIsApproved } from './enforce-approved.ts';
import { LabGuide } from './lab-guide.ts';
import { LAB_NODES, LAB_SOURCE, shopObjects } from './lab-stage.ts';
import { LabView } from './lab-view.ts';
import { RecordedTraffic } from './recorded-traffic.ts';
import { whereToAsk } from './where-to-ask.ts';

const EVERY_MS = 2_000;
const WORK_EVERY_MS = 1_000;

/** The example shop without a packet: its traffic is reported as enforcers would, and what is approved decides what gets through. */
export async function runRecorded(options: ControllerProcessOptions, obstacle: string | undefined): Promise<void> {
  const state = stateFolder(options, 'recorded', process.env);
  const view = new LabView({ write: (text) => process.stdout.write(text), isTerminal: process.stdout.isTTY, now: Date.now });
  prepareStateFolder(state, options);
  const { log, path } = fileLog(state);
  const plan = { required: [LAB_SOURCE], traffic: 'recorded', workEveryMs: WORK_EVERY_MS } as const;
  const started = await startController({ ...options, isFresh: false, listen: { host: '127.0.0.1', port: 0 } }, plan, state, log, ({ message }) => {
    view.say(`ringfence: ${message}; the log is ${path}`);
    process.exit(1);
  });
  const { controller, urls } = started;
  await enforceWhatIsApproved(controller);
  const updates = shopObjects();
  const traffic = new RecordedTraffic(updates, Date.now());
  controller.sources.add(LAB_SOURCE, 'recorded', true);
  for (const update of updates) controller.update(update);
  controller.sources.setInSync(LAB_SOURCE, true);
  view.say(`The example shop, recorded: ${String(traffic.pods)} pods on ${String(LAB_NODES)} nodes. No packet is real and no enforcer runs here${obstacle === undefined ? '' : ` (the lab, which sends some, is not possible: ${obstacle})`}.`);
  view.say('Its traffic is played back as enforcers would report it; what gets through is what the approved policies let through.');
  view.say(`Operator interface: ${urls.join(', ')}. State and log: ${state}.`);
  for (const line of whereToAsk(urls)) view.say(line);
  view.say('Nothing is approved by itself here: the coverage a rule for that asks for takes a day of traffic, and this is a minute of it.');
  view.say('Ctrl-C ends it.');
  const guide = new LabGuide(controller, view, false);
  const playing = setInterval(() => {
    const { reports, attempts } = traffic.until(Date.now(), controller.state);
    for (const attempt of attempts) view.attempt(attempt);
    for (const report of reports) {
      controller.report(report).catch((error: unknown) => {
        log.error({ why: error instanceof Error ? error.message : String(error) }, 'a recorded report was not taken in');
      });
    }
    void guide.look();
  }, EVERY_MS);
  stopOnSignals(async () => {
    clearInterval(playing);
    await started.stop();
  });
}
