import type { NodeMessage } from '#distribution';
import type { Diagnostic } from '#model';

import { amountIn, countIn, type Fields, fieldsOf, markIn, partIn, textIn, textsIn } from './field-reading.ts';

const MOST_DIAGNOSTICS = 100;

/** A message of a node as the contract names its fields. */
export function nodeFields(message: NodeMessage): object {
  switch (message.kind) {
    case 'hello': {
      const { newestProtocol, oldestProtocol, node, enforcerVersion, driver, capabilities, held } = message;
      return { hello: { newestProtocol, oldestProtocol, node, enforcerVersion, driver, capabilities, ...(held === undefined ? {} : { held }) } };
    }
    case 'ack': {
      const { version, revision, hash, commitMs, elements, generation } = message;
      return { ack: { version, mark: { revision, hash }, commitMs, elements, generation } };
    }
    case 'nack':
      return { nack: { version: message.version, unreadable: message.reason === 'unreadable', why: message.why, diagnostics: JSON.stringify(message.diagnostics.slice(0, MOST_DIAGNOSTICS)) } };
    case 'report':
      return { report: { text: message.text } };
    case 'flows':
      return { flows: { number: message.number, part: message.part } };
    case 'metadata':
      return { metadata: { number: message.number, part: message.part } };
  }
}

/** What a node said, as far as this version knows it; undefined where it does not. */
export function readNodeFields(decoded: object): NodeMessage | undefined {
  const kind = textIn(decoded as Fields, 'body');
  const fields = fieldsOf((decoded as Fields)[kind]);
  switch (kind) {
    case 'hello': {
      const held = markIn(fields, 'held');
      return {
        kind,
        newestProtocol: countIn(fields, 'newestProtocol'),
        oldestProtocol: countIn(fields, 'oldestProtocol'),
        node: textIn(fields, 'node'),
        enforcerVersion: textIn(fields, 'enforcerVersion').slice(0, 100),
        driver: textIn(fields, 'driver').slice(0, 100),
        capabilities: textsIn(fields, 'capabilities').slice(0, 100),
        ...(held === undefined ? {} : { held }),
      };
    }
    case 'ack': {
      const mark = markIn(fields, 'mark') ?? { revision: 0, hash: '' };
      return { kind, version: countIn(fields, 'version'), ...mark, commitMs: amountIn(fields, 'commitMs'), elements: countIn(fields, 'elements'), generation: countIn(fields, 'generation') };
    }
    case 'nack':
      return { kind, version: countIn(fields, 'version'), reason: fields['unreadable'] === true ? 'unreadable' : 'refused', why: textIn(fields, 'why').slice(0, 2_000), diagnostics: readDiagnostics(textIn(fields, 'diagnostics')) };
    case 'report':
      return { kind, text: textIn(fields, 'text') };
    case 'flows':
    case 'metadata':
      return { kind, number: countIn(fields, 'number'), part: partIn(fields) };
    default:
      return undefined;
  }
}

function readDiagnostics(text: string): readonly Diagnostic[] {
  let list: unknown;
  try {
    list = JSON.parse(text === '' ? '[]' : text);
  } catch {
    return [];
  }
  if (!Array.isArray(list)) return [];
  return (list as readonly unknown[]).slice(0, MOST_DIAGNOSTICS).map((each) => {
    const fields = fieldsOf(each);
    const severity = fields['severity'] === 'error' || fields['severity'] === 'info' ? fields['severity'] : 'warning';
    const [code, subject, message, hint] = ['code', 'subject', 'message', 'hint'].map((name) => textIn(fields, name).slice(0, 1_000));
    return { code: code ?? '', severity, subject: subject ?? '', message: message ?? '', hint: hint ?? '' };
  });
}
