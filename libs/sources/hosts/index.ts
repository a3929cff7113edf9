export { type HostHandlers, HostSource, type HostSourceOptions } from './host-source.ts';
