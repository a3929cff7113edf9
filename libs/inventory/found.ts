import type {
  ApiServerCallback,
  ConfigMap,
  CustomResource,
  EndpointSlice,
  HostWays,
  Monitor,
  Namespace,
  NetworkNames,
  Node,
  Origin,
  Pod,
  Policy,
  Route,
  Secret,
  Service,
  ServiceAccount,
  Workload,
  WorkloadRef,
} from '#model';

/** The object that made this one, as `metadata.ownerReferences` names its controller. */
export interface Owner {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
}

/** A workload before it is known who owns it and what its service account says. */
export interface WorkloadDraft {
  readonly workload: Omit<Workload, 'tokenMounted'>;
  readonly group: string;
  readonly owner?: Owner;
  /** Of what nobody owns and `generateName` named: what all of its like are called together. */
  readonly family?: string;
  /** What the pod template itself says about mounting a token. */
  readonly automountToken?: boolean;
  readonly hasProjectedToken: boolean;
}

/** A pod before it is known whose it is; `draft` describes its workload should nothing else. */
export interface PodDraft {
  readonly pod: Omit<Pod, 'workload'>;
  readonly draft: WorkloadDraft;
}

export interface RoleDraft {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly grantsSomething: boolean;
}

/** Whom a binding names: one account, or all accounts of one namespace (`*` for every namespace). */
export type RoleSubject =
  | { readonly kind: 'account'; readonly namespace: string; readonly name: string }
  | { readonly kind: 'accountsOf'; readonly namespace: string };

export interface BindingDraft {
  readonly name: string;
  readonly namespace: string;
  readonly roleKind: string;
  readonly role: string;
  readonly subjects: readonly RoleSubject[];
  readonly origin: Origin;
}

/** A container on one network: who else is there finds it by these names. */
export interface Attachment extends NetworkNames {
  readonly workload: WorkloadRef;
  readonly origin: Origin;
}

/** What one object holds, in the nouns of the model. */
export interface Found {
  readonly namespaces?: readonly Namespace[];
  readonly nodes?: readonly Node[];
  readonly workloads?: readonly WorkloadDraft[];
  readonly pods?: readonly PodDraft[];
  readonly services?: readonly Service[];
  readonly attachments?: readonly Attachment[];
  readonly endpointSlices?: readonly EndpointSlice[];
  readonly configMaps?: readonly ConfigMap[];
  readonly secrets?: readonly Secret[];
  readonly serviceAccounts?: readonly ServiceAccount[];
  readonly roles?: readonly RoleDraft[];
  readonly bindings?: readonly BindingDraft[];
  readonly routes?: readonly Route[];
  readonly apiServerCallbacks?: readonly ApiServerCallback[];
  readonly monitors?: readonly Monitor[];
  readonly customResources?: readonly CustomResource[];
  readonly policies?: readonly Policy[];
  readonly hostWays?: readonly HostWays[];
}
