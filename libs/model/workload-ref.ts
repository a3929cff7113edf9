import { compareText } from './diagnostic.ts';

/**
 * Names a workload: the top owner of its pods (`shop/Deployment/web`), a bare Pod, a Compose
 * service (`kind: ComposeService`, namespace = project), a container of no project (`kind:
 * Container`, namespace = its host), a systemd unit or other program of a plain host (`kind: Unit` or
 * `Process`, namespace = the host) or a custom resource that makes pods.
 */
export interface WorkloadRef {
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
}

/** `namespace/kind/name`: unique, because none of the three may contain a slash. */
export type WorkloadKey = string;

export function workloadKey(ref: WorkloadRef): WorkloadKey {
  return `${ref.namespace}/${ref.kind}/${ref.name}`;
}

/** Whether it is a program of a plain host: those share the addresses of their host, and are told apart by port. */
export function isHostProgram({ kind }: WorkloadRef): boolean {
  return kind === 'Unit' || kind === 'Process';
}

/**
 * Says why a workload may be anybody: a program of no unit goes by what it calls itself, and any other
 * may call itself the same. Undefined for one whose name somebody else gave it.
 */
export function whyNameProvesNothing({ namespace, kind, name }: WorkloadRef): string | undefined {
  return kind === 'Process' ? `any program on host ${namespace} may call itself ${name}, and gets what is approved for it; run it as a systemd unit, whose name nobody else can take` : undefined;
}

export function compareWorkloads(a: WorkloadRef, b: WorkloadRef): number {
  return compareText(workloadKey(a), workloadKey(b));
}

/** Peers that are no workload of the input but have a name of their own in every cluster. */
export const ENTITIES = [
  'internet',
  'kube-apiserver',
  'prometheus',
  'kubelet',
  'ingress-controller',
  'gateway',
  'any',
  'coredns',
  'kube-controller-manager',
  'kube-scheduler',
] as const;
export type Entity = (typeof ENTITIES)[number];

/** One end of a relationship. */
export type GraphPeer = WorkloadRef | Entity;

export function graphPeerKey(peer: GraphPeer): string {
  return typeof peer === 'string' ? peer : workloadKey(peer);
}
