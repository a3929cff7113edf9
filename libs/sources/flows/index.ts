export { linesOfFile } from './flow-lines.ts';
export { type ReadFlowsResult, readFlows } from './read-flows.ts';
