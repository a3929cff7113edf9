export type { CompiledNodes, CompileChange, CompileStep, NodeBundle, Ruleset, Tracer } from '#compilers/nftables';
