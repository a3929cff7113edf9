export { inferGraph } from './infer.ts';
