import type { Address } from './address.ts';
import type { Container } from './container.ts';
import type { Labels, LabelSelector } from './labels.ts';
import type { Origin } from './origin.ts';
import type { Protocol } from './protocol.ts';
import type { WorkloadRef } from './workload-ref.ts';

/** A port published on the host by Compose: `target` is the container's port. */
export interface PublishedPort {
  readonly target: number;
  readonly protocol: Protocol;
  /** The address it is bound to; loopback means it is not reachable from outside the host. */
  readonly hostAddress?: string;
  /** Absent where the engine picks one. */
  readonly hostPort?: number;
}

/** What only Compose, or the engine that runs a container, says about it. */
export interface ComposeFacts {
  readonly dependsOn: readonly string[];
  /** Those of `dependsOn` it starts after the end of (`service_completed_successfully`): gone by then, so never called. */
  readonly startsAfter?: readonly string[];
  readonly links: readonly string[];
  readonly networks: readonly string[];
  readonly published: readonly PublishedPort[];
  readonly profiles: readonly string[];
  /** Static addresses on its networks. */
  readonly addresses?: readonly Address[];
  /** Names that lead to another service for this one alone (`links: [db:database]`); they win over names everybody has. */
  readonly linkAliases?: readonly { readonly alias: string; readonly service: string }[];
  /** `extra_hosts`: names this service alone knows, with an address or `host-gateway`. */
  readonly extraHosts?: readonly { readonly name: string; readonly address: string }[];
  /** The service whose network this one lives in (`network_mode: service:x`): one address, one set of open ports. */
  readonly networkOf?: string;
  /** What it is built from: services of one `build` are one program, as those of one image are. */
  readonly build?: string;
  /** It has a health check, or is started again whenever it ends: a server, not a job that runs once. */
  readonly isKeptRunning?: boolean;
  /** Env files it needs that could not be read, so part of its environment is not known. */
  readonly unreadEnvFiles?: readonly string[];
}

/**
 * Something that makes pods which are alike: named by its top owner, described by its pod template.
 *
 * `podLabels` are what its pods carry; labels a controller adds per rollout
 * (`pod-template-hash`, `controller-revision-hash`, …) are left out.
 */
export interface Workload {
  readonly ref: WorkloadRef;
  /** Jobs or pods that are made anew each time, under names with a new ending (`generateName`): its name is what they all begin with. */
  readonly isFamily?: true;
  readonly platform: 'kubernetes' | 'compose' | 'host';
  /** Pods it wants; for a DaemonSet the number is one per node and reads 1 here. */
  readonly replicas: number;
  readonly podLabels: Labels;
  /** What its owner finds its pods by (`spec.selector`): immutable in Kubernetes, so it survives every rollout. */
  readonly selector?: LabelSelector;
  readonly podAnnotations: Labels;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly serviceAccount: string;
  /** Whether a token of the service account is mounted, after pod and account defaults and projected volumes. */
  readonly tokenMounted: boolean;
  readonly hostNetwork: boolean;
  readonly containers: readonly Container[];
  /** A StatefulSet's `serviceName`. */
  readonly governingService?: string;
  /** A CronJob's schedule, the time zone it is in where one is written, and whether it makes no runs for now. */
  readonly schedule?: string;
  readonly timeZone?: string;
  readonly isSuspended?: true;
  readonly compose?: ComposeFacts;
  readonly origin: Origin;
}
