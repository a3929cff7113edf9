import type { Origin } from './origin.ts';
import type { Protocol } from './protocol.ts';

/** A port a container declares. It documents, it does not open: pods listen on undeclared ports too. */
export interface ContainerPort {
  readonly name?: string;
  readonly port: number;
  readonly protocol: Protocol;
  /** The node's port it is also opened on, for everybody who reaches the node. */
  readonly hostPort?: number;
}

/** Where an environment value comes from when it is not written out. */
export type EnvSource =
  | { readonly kind: 'configMap'; readonly name: string; readonly key: string }
  | { readonly kind: 'secret'; readonly name: string; readonly key: string }
  | { readonly kind: 'field'; readonly path: string }
  | { readonly kind: 'other' };

/** One environment variable; `value` may hold `$(OTHER)` references, which see the variables before it. */
export interface EnvEntry {
  readonly name: string;
  readonly value?: string;
  readonly from?: EnvSource;
  readonly origin: Origin;
}

/** A whole ConfigMap or Secret pulled into the environment, each key behind `prefix`. */
export interface EnvFrom {
  readonly kind: 'configMap' | 'secret';
  readonly name: string;
  readonly prefix: string;
}

/** A file whose text the source has read itself (a Compose bind mount, `configs` or `secrets` entry). */
export interface MountedFile {
  readonly path: string;
  readonly text: string;
  readonly secret: boolean;
  readonly origin: Origin;
}

/** What a container finds at a path. `keys` limits a ConfigMap or Secret to these keys; absent means all. */
export type MountSource =
  | { readonly kind: 'configMap'; readonly name: string; readonly keys?: readonly string[] }
  | { readonly kind: 'secret'; readonly name: string; readonly keys?: readonly string[] }
  | { readonly kind: 'files'; readonly object: string; readonly files: readonly MountedFile[] }
  | { readonly kind: 'serviceAccountToken' }
  /** `unread` is the path of a file or folder a Compose file names that could not be read. */
  | { readonly kind: 'other'; readonly unread?: string };

export interface Mount {
  readonly path: string;
  readonly source: MountSource;
}

/** A port the kubelet (or the Docker engine) probes; named ports are left as names. */
export interface ProbePort {
  readonly port: number | string;
  readonly protocol: Protocol;
}

export interface Container {
  readonly name: string;
  /** `init` runs to its end before the others start; `sidecar` is an init container that keeps running. */
  readonly role: 'main' | 'init' | 'sidecar';
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env: readonly EnvEntry[];
  readonly envFrom: readonly EnvFrom[];
  readonly ports: readonly ContainerPort[];
  readonly mounts: readonly Mount[];
  readonly probes: readonly ProbePort[];
  readonly origin: Origin;
}
