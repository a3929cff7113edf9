export { partsOf, TextAssembly, type TextReading } from './text-parts.ts';
export { connectMethod, nodeChannelService } from './wire.ts';
