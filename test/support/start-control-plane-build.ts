// Run before the tests: building takes longer than the tests that do without, so it starts first.
import { startControlPlaneBuild } from './control-plane.ts';

startControlPlaneBuild();
