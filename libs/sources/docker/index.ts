export { type DockerHandlers, DockerSource, type DockerSourceOptions } from './docker-source.ts';
