export { type HostHandlers, hostAddresses, HostSource, type HostSourceOptions } from './host-source.ts';
