import { basename } from 'node:path';

const NAME = /^(?:docker-)?compose(?:[.-].*)?\.ya?ml$/i;
const SERVICES = /^services[ \t]*:/m;
const API_VERSION = /^["']?apiVersion["']?[ \t]*:/m;

/** Whether this is a Compose file: by its name, or by a top-level `services:`. What has an `apiVersion:` is none, whatever it is called. */
export function isComposeFile(path: string, text: string): boolean {
  return !API_VERSION.test(text) && (NAME.test(basename(path)) || SERVICES.test(text));
}
