import { policyReaderOf } from '#inventory';
import type { JsonObject, Policy } from '#model';
import { parseAllDocuments } from 'yaml';

/** Reads NetworkPolicies as a cluster would, from the text a person would apply; a mistake in it is an error here. */
export function policiesIn(yaml: string): readonly Policy[] {
  return parseAllDocuments(yaml, { version: '1.1' }).map((document) => {
    const body = document.toJS() as JsonObject & { readonly apiVersion: string; readonly kind: string; readonly metadata: { readonly name: string; readonly namespace: string } };
    const read = policyReaderOf(body.apiVersion, body.kind);
    const { value, diagnostics } = read?.({
      kind: 'manifest',
      apiVersion: body.apiVersion,
      objectKind: body.kind,
      namespace: body.metadata.namespace,
      name: body.metadata.name,
      body,
      origin: { file: 'emitted.yaml', line: 1 },
    }) ?? { diagnostics: [] };
    if (value === undefined || diagnostics.length > 0) throw new Error(`read ${body.metadata.name}: ${diagnostics.map((each) => each.message).join('; ')}`);
    return value;
  });
}
