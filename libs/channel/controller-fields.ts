import type { ControllerMessage } from '#distribution';

import { countIn, type Fields, fieldsOf, markIn, partIn, textIn } from './field-reading.ts';

/** A message of the controller as the contract names its fields. */
export function controllerFields(message: ControllerMessage): object {
  switch (message.kind) {
    case 'welcome':
      return { welcome: { protocol: message.protocol, controllerVersion: message.controllerVersion, statusEveryMs: message.statusEveryMs, returnWithinMs: message.returnWithinMs } };
    case 'snapshot':
    case 'delta': {
      const { kind, version, revision, hash, part } = message;
      return { [kind]: { version, mark: { revision, hash }, part } };
    }
    case 'flows-taken':
      return { flowsTaken: { number: message.number } };
    case 'metadata-taken':
      return { metadataTaken: { number: message.number } };
    case 'confirm':
      return { confirm: { hash: message.hash, by: message.by } };
    case 'retry':
      return { retry: { hash: message.hash } };
  }
}

/** What the controller said, as far as this version knows it; undefined where it does not. */
export function readControllerFields(decoded: object): ControllerMessage | undefined {
  const body = textIn(decoded as Fields, 'body');
  const fields = fieldsOf((decoded as Fields)[body]);
  switch (body) {
    case 'welcome':
      return { kind: 'welcome', protocol: countIn(fields, 'protocol'), controllerVersion: textIn(fields, 'controllerVersion').slice(0, 100), statusEveryMs: countIn(fields, 'statusEveryMs'), returnWithinMs: countIn(fields, 'returnWithinMs') };
    case 'snapshot':
    case 'delta':
      return { kind: body, version: countIn(fields, 'version'), ...(markIn(fields, 'mark') ?? { revision: 0, hash: '' }), part: partIn(fields) };
    case 'flowsTaken':
      return { kind: 'flows-taken', number: countIn(fields, 'number') };
    case 'metadataTaken':
      return { kind: 'metadata-taken', number: countIn(fields, 'number') };
    case 'confirm':
      return { kind: 'confirm', hash: textIn(fields, 'hash').slice(0, 200), by: textIn(fields, 'by').slice(0, 300) };
    case 'retry':
      return { kind: 'retry', hash: textIn(fields, 'hash').slice(0, 200) };
    default:
      return undefined;
  }
}
