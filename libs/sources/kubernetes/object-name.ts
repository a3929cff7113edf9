const LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const API_VERSION = /^(?:[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?\/)?[a-z0-9]+$/;
const KIND = /^[A-Za-z][A-Za-z0-9]*$/;

const LONGEST_LABEL = 63;
const LONGEST_NAME = 253;

const LABEL_KINDS: ReadonlySet<string> = new Set(['/Namespace', '/Service']);

/** What the API server would say against this name, or undefined: RFC 1123, at most 63 or 253 characters; RBAC names may hold more than that. */
export function nameProblem(group: string, kind: string, name: string): string | undefined {
  if (group === 'rbac.authorization.k8s.io') return pathSegmentProblem(name);
  if (LABEL_KINDS.has(`${group}/${kind}`)) return labelProblem(name);
  if (name.length > LONGEST_NAME) return `has a name of ${name.length} characters, and ${LONGEST_NAME} are allowed`;
  // Names are short by now, so the expression can not run away.
  if (!SUBDOMAIN.test(name)) return 'has a name that is no DNS name (lower-case letters, digits, `-` and `.`)';
  return undefined;
}

export function labelProblem(name: string): string | undefined {
  if (name.length > LONGEST_LABEL) return `has a name of ${name.length} characters, and ${LONGEST_LABEL} are allowed`;
  if (!LABEL.test(name)) return 'has a name that is no DNS label (lower-case letters, digits and `-`)';
  return undefined;
}

function pathSegmentProblem(name: string): string | undefined {
  if (name.length > LONGEST_NAME) return `has a name of ${name.length} characters, and ${LONGEST_NAME} are allowed`;
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (name === '.' || name === '..' || /[/%\u0000-\u001f\u007f]/.test(name)) return 'has a name that can not be part of a path';
  return undefined;
}

export function isApiVersion(text: string): boolean {
  return text.length <= 2 * LONGEST_NAME && API_VERSION.test(text);
}

export function isKind(text: string): boolean {
  return text.length <= LONGEST_LABEL && KIND.test(text);
}
