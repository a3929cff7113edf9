export type { CompiledNodes, CompileChange, CompileStep, NodeBundle, Ruleset, Tracer } from './nftables/index.ts';
