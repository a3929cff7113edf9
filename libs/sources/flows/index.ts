export { linesOfFile } from './flow-lines.ts';
export { HubbleExport, type HubbleExportOptions } from './hubble-export.ts';
export { type HubbleCounts, HubbleReports } from './hubble-reports.ts';
export { type ReadFlowsResult, readFlows } from './read-flows.ts';
