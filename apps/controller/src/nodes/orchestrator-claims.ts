import { isJsonObject, type JsonObject, parseAddress } from '#model';

/** What an object of the orchestrator's takes, so that no node can have it. */
export function claimsOfManifest(kind: string, namespace: string, name: string, body: JsonObject): readonly string[] {
  switch (kind) {
    case 'Namespace':
      return [namespaceClaim(name)];
    case 'Pod':
      return [namespaceClaim(namespace), podClaim(namespace, name), ...textsAt(body, 'status', 'podIPs', 'ip').map(addressClaim)];
    case 'Service':
      return listAt(body, 'spec', 'clusterIPs').flatMap(addressTexts).map(addressClaim);
    case 'Node': {
      const addresses = textsAt(body, 'status', 'addresses', 'address');
      const blocks = listAt(body, 'spec', 'podCIDRs').flatMap((block) => (typeof block === 'string' ? [`${BLOCK}${block}`] : []));
      return [...addresses.map(addressClaim), ...addresses.map((address) => hostClaim(name, address)), ...blocks];
    }
    default:
      return [];
  }
}

export const ADDRESS = 'address ';
export const BLOCK = 'block ';
export const POD = 'pod ';

export function addressClaim(text: string): string {
  return `${ADDRESS}${text}`;
}

export function podClaim(namespace: string, name: string): string {
  return `${POD}${namespace}/${name}`;
}

export function namespaceClaim(namespace: string): string {
  return `namespace ${namespace}`;
}

/** That a node is called so, which makes everything under that name its own. */
export function nodeClaim(name: string): string {
  return `node ${name}`;
}

/** What was decided about where a project may run. */
export function projectClaim(project: string): string {
  return `project ${project}`;
}

/** That an address is the one of this node, and of nobody else. */
export function hostClaim(node: string, address: string): string {
  return `host ${node} ${address}`;
}

function textsAt(body: JsonObject, part: string, list: string, field: string): readonly string[] {
  return listAt(body, part, list).flatMap((item) => (isRecord(item) ? addressTexts(item[field]) : []));
}

function listAt(body: JsonObject, part: string, list: string): readonly unknown[] {
  const holder = body[part];
  const items = holder !== undefined && isJsonObject(holder) ? holder[list] : undefined;
  return Array.isArray(items) ? (items as readonly unknown[]) : [];
}

function addressTexts(value: unknown): readonly string[] {
  const address = typeof value === 'string' ? parseAddress(value) : undefined;
  return address === undefined ? [] : [address.text];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
