/** How the controller is called in its certificate, whatever address it is reached at. */
export const CONTROLLER_NAME = 'controller.ringfence.internal';

const NODE_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/;
const NODE_URI = 'ringfence://node/';

/** Whether a certificate can be about a node of this name: letters, digits, `.`, `_` and `-`, at most 253 of them. */
export function isNodeName(name: string): boolean {
  return NODE_NAME.test(name);
}

/** The one name a certificate of a node has. */
export function nodeUri(name: string): string {
  return `${NODE_URI}${name}`;
}

/**
 * Which node a certificate is about, from its alternative names as Node.js writes them.
 *
 * Undefined unless that is the only name in it and plainly one: a name that has to be quoted, or
 * stands beside others, is nobody.
 */
export function nodeOfNames(subjectAltName: string | undefined): string | undefined {
  const prefix = `URI:${NODE_URI}`;
  if (subjectAltName?.startsWith(prefix) !== true) return undefined;
  const name = subjectAltName.slice(prefix.length);
  return isNodeName(name) ? name : undefined;
}

/** A serial number in one way of writing it. */
export function plainSerial(serial: string): string {
  return serial.toLowerCase().replace(/^0+(?=.)/, '');
}
