import { join } from 'node:path';

import { type ControllerProcessOptions, stateFolder } from '../options.ts';
import { fileLog } from '../file-log.ts';
import { stopOnSignals } from '../process-end.ts';
import { prepareStateFolder } from '../state-folder.ts';
import { startController } from '../start.ts';
import { enforceWhatIsApproved } from './enforce-approved.ts';
import { LabGuide } from './lab-guide.ts';
import { LAB_SOURCE, LabStage, shopObjects } from './lab-stage.ts';
import { LabView } from './lab-view.ts';
import { whereToAsk } from './where-to-ask.ts';

const LOOK_EVERY_MS = 1_000;
/** Short: people watch it. */
const WORK_EVERY_MS = 1_000;

/** The example shop with real packets, learned and enforced as a cluster would be. */
export async function runLab(options: ControllerProcessOptions): Promise<void> {
  const state = stateFolder(options, 'lab', process.env);
  const view = new LabView({ write: (text) => process.stdout.write(text), isTerminal: process.stdout.isTTY, now: Date.now });
  prepareStateFolder(state, options);
  const { log, path } = fileLog(state);
  const fail = (why: string): void => {
    view.say(`ringfence: ${why}; the log is ${path}`);
    process.exit(1);
  };
  const started = await startController({ ...options, isFresh: false, listen: { host: '127.0.0.1', port: 0 } }, { required: [LAB_SOURCE], traffic: 'lab', workEveryMs: WORK_EVERY_MS }, state, log, ({ message }) => {
    fail(message);
  });
  const { controller, authority, urls, channelPort } = started;
  const stage = new LabStage({
    authority,
    folder: join(state, 'nodes'),
    onAttempt: (attempt) => {
      view.attempt(attempt);
    },
    onEnforcerEnded: (node, why) => {
      view.say(`the enforcer of ${node} has ended: ${why}`);
    },
    onEnd: (why) => {
      fail(`the lab is gone: ${why}`);
    },
  });
  const { nodes, pods } = await stage.up();
  await enforceWhatIsApproved(controller);
  controller.sources.add(LAB_SOURCE, 'lab', true);
  for (const update of shopObjects()) controller.update(update);
  controller.sources.setInSync(LAB_SOURCE, true);
  await stage.enforce(nodes, channelPort);
  const guide = new LabGuide(controller, view, true);
  const looking = setInterval(() => void guide.look(), LOOK_EVERY_MS);
  stopOnSignals(async () => {
    clearInterval(looking);
    view.say('taking the lab down');
    await stage.close();
    await started.stop();
  });
  introduce(view, { pods, nodes: nodes.length, urls, state, revision: controller.state.revisions.length });
}

function introduce(view: LabView, { pods, nodes, urls, state, revision }: { readonly pods: number; readonly nodes: number; readonly urls: readonly string[]; readonly state: string; readonly revision: number }): void {
  view.say(`The example shop is up: ${String(pods)} pods on ${String(nodes)} nodes, in network namespaces, with real packets between them.`);
  view.say(`Enforcers on the nodes report what they see; what is declared and what is seen becomes proposals.`);
  view.say(`Operator interface: ${urls.join(', ')}. State and log: ${state}.`);
  for (const line of whereToAsk(urls)) view.say(line);
  view.say(`Mode of this lab: what is approved is enforced at once. Elsewhere everything begins in observe.`);
  view.say(`Nothing is approved by itself here: the coverage a rule for that asks for takes a day of traffic, and this is a minute of it.`);
  if (revision > 0) view.say(`Revision ${String(revision)} of an earlier time is in force; npm start -- --fresh begins anew.`);
  view.say(`Ctrl-C takes everything down.`);
}
