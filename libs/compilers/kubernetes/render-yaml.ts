import { Document, type Scalar, visit } from 'yaml';

import type { NetworkPolicyObject } from './network-policy.ts';

/**
 * Writes objects as one YAML stream for `kubectl apply`.
 *
 * Every text that some reader could take for anything but a text is quoted (`"yes"`, `"0123"`,
 * `"1e3"`): the API server's readers follow YAML 1.1, where those are booleans and numbers.
 */
export function renderYaml(objects: readonly NetworkPolicyObject[]): string {
  return objects.map((object) => `---\n${renderOne(object)}`).join('');
}

const PLAIN = /^[A-Za-z][-A-Za-z0-9_./]*$/;
const NOT_A_TEXT = /^(?:y|n|yes|no|on|off|true|false|null|nan|inf)$/i;

function renderOne(object: NetworkPolicyObject): string {
  const document = new Document(object, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_key, node) => {
      if (typeof node.value === 'string') node.type = styleOf(node.value);
    },
  });
  return document.toString({ lineWidth: 0 });
}

function styleOf(text: string): Scalar.Type {
  if (text.includes('\n')) return 'BLOCK_LITERAL';
  return PLAIN.test(text) && !NOT_A_TEXT.test(text) ? 'PLAIN' : 'QUOTE_DOUBLE';
}
