export { EnforcedLab } from './enforced-lab.ts';
export { Lab, type LabOptions } from './lab.ts';
export { labObstacle } from './lab-obstacle.ts';
export { type LabNode, labWorldOf, type LabPlace, type LabPod, type LabWorld, placesIn } from './lab-world.ts';
export { LabRules, loadRules, type RulesToLoad } from './node-rules.ts';
export { isRoutable, type ProbedConnection, type ProbeOutcome, Prober } from './prober.ts';
export { renderServiceTable, type ServiceRoute, serviceRoutes } from './service-table.ts';
