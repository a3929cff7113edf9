/**
 * Whether a label can be expected to be there, with that value, after the next rollout.
 *
 * Refused by key: what controllers, charts and pipelines write anew each time. Refused by value:
 * what looks like a version, a commit, a date or a counter that runs, unless it is a name
 * (`app: mysql-8.0`) that the owner itself finds its pods by and so can not change. Refused too is
 * what the API server would not take as a label, so a hostile one never gets into a policy.
 */
export function isStableLabel(key: string, value: string, isOwnersChoice = false): boolean {
  if (!isLabelKey(key) || !isLabelValue(value) || isVolatileKey(key)) return false;
  return !isVolatileValue(value) || (isOwnersChoice && NAME_KEYS.has(key));
}

const NAME_KEYS: ReadonlySet<string> = new Set([
  'app',
  'app.kubernetes.io/component',
  'app.kubernetes.io/instance',
  'app.kubernetes.io/name',
  'component',
  'k8s-app',
  'name',
  'role',
  'run',
  'service',
]);

const VOLATILE_KEYS: ReadonlySet<string> = new Set([
  'app.kubernetes.io/managed-by',
  'app.kubernetes.io/revision',
  'app.kubernetes.io/version',
  'apps.kubernetes.io/pod-index',
  'build',
  'chart',
  'commit',
  'controller-revision-hash',
  'controller-uid',
  'date',
  'deployment-id',
  'helm.sh/chart',
  'helm.sh/revision',
  'heritage',
  'image',
  'image-tag',
  'job-name',
  'managed-by',
  'pod-template-generation',
  'pod-template-hash',
  'release-revision',
  'release-version',
  'rev',
  'revision',
  'rollouts-pod-template-hash',
  'sha',
  'statefulset.kubernetes.io/pod-name',
  'tag',
  'timestamp',
  'uid',
  'version',
]);
// batch: one value per run; topology: where the pod happens to be; checksum: content of a ConfigMap
const VOLATILE_PREFIXES = ['batch.kubernetes.io/', 'topology.kubernetes.io/', 'checksum/', 'kubectl.kubernetes.io/'];
const VOLATILE_ENDINGS = /(?:^|[-_./])(?:checksum|chart|commit|digest|hash|revision|sha|sha256|timestamp|uid|version)$/;

function isVolatileKey(key: string): boolean {
  const lower = key.toLowerCase();
  return VOLATILE_KEYS.has(lower) || VOLATILE_PREFIXES.some((prefix) => lower.startsWith(prefix)) || VOLATILE_ENDINGS.test(lower);
}

const VERSION = /(?:^|[-_.])v?\d+\.\d+(?:\.\d+)*(?:[-_.][0-9A-Za-z-_.]*)?$/;
const COMMIT = /(?:^|[-_.])(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}$/;
const DATE = /(?:^|[-_.T])\d{4}-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01])(?:$|[-_.T])/;
const RUNNING_NUMBER = /^\d{6,}$/;

function isVolatileValue(value: string): boolean {
  return VERSION.test(value) || COMMIT.test(value) || DATE.test(value) || RUNNING_NUMBER.test(value);
}

const NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const DNS_NAME = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;

/** Syntax of a label key by the Kubernetes API: an optional DNS name and a slash, then a name. */
export function isLabelKey(key: string): boolean {
  const slash = key.indexOf('/');
  if (slash < 0) return NAME.test(key);
  const prefix = key.slice(0, slash);
  return prefix.length <= 253 && DNS_NAME.test(prefix) && NAME.test(key.slice(slash + 1));
}

export function isLabelValue(value: string): boolean {
  return value === '' || NAME.test(value);
}

/** An RFC 1123 label: what a namespace may be called. */
export function isDnsLabel(name: string): boolean {
  return /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(name);
}
