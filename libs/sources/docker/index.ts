export { type Clock, systemClock } from './clock.ts';
export { type DockerHandlers, DockerSource, type DockerSourceOptions } from './docker-source.ts';
