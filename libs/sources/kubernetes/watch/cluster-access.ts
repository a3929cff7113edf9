import type { Agent } from 'node:http';
import type { SecureContextOptions } from 'node:tls';

import type { Diagnostic } from '#model';

/** What one request is made with. */
export interface ClusterCredentials {
  readonly tls: Pick<SecureContextOptions, 'ca' | 'cert' | 'key' | 'passphrase'> & { readonly servername?: string; readonly rejectUnauthorized?: boolean };
  /** `authorization`, `impersonate-user`. */
  readonly headers: Readonly<Record<string, string>>;
  /** A way through a proxy, where the kubeconfig names one. */
  readonly proxy?: Agent;
}

/** How to reach an API server, and as whom. */
export interface ClusterAccess {
  /** `https://10.0.0.1:6443`, with the path in front of the API where there is one. */
  readonly server: string;
  /** Where this was read, for messages: `the kubeconfig /home/ada/.kube/config, context prod`. */
  readonly origin: string;
  /** What makes the way to the server less safe than it looks. */
  readonly weaknesses?: readonly Diagnostic[];
  /** The namespace the context or the Pod is in. */
  readonly namespace: string;
  /** Tokens that change on disk and those a plugin gives are asked for again when they are due. */
  readonly credentials: () => Promise<ClusterCredentials>;
  /** Reads everything again: what was shown was refused. */
  readonly forget: () => void;
}

/** Why an API server cannot be reached as asked: what was read, what is wrong with it, what to do. */
export class ClusterAccessError extends Error {
  override readonly name = 'ClusterAccessError';
}
