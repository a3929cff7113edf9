import type { JsonObject } from './json.ts';
import type { Labels, LabelSelector } from './labels.ts';
import type { Origin } from './origin.ts';

export interface ServiceAccount {
  readonly namespace: string;
  readonly name: string;
  readonly automountToken: boolean;
  readonly origin: Origin;
}

/** A Role or ClusterRole bound to a service account: what makes it an API client. */
export interface RoleGrant {
  readonly binding: string;
  readonly role: string;
  /** The namespace the grant covers; absent means the whole cluster. */
  readonly namespace?: string;
  readonly serviceAccount: { readonly namespace: string; readonly name: string };
  readonly origin: Origin;
}

export interface ServiceTarget {
  readonly namespace: string;
  readonly service: string;
  /** The Service's port by number or name; absent where the object names none. */
  readonly port?: number | string;
}

/** An Ingress, HTTPRoute, GRPCRoute, TLSRoute, TCPRoute or UDPRoute: a way in from outside to Services. */
export interface Route {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly via: 'ingress-controller' | 'gateway';
  readonly hosts: readonly string[];
  readonly backends: readonly ServiceTarget[];
  readonly origin: Origin;
}

/** A webhook configuration, APIService or CRD conversion: the API server calls this Service. */
export interface ApiServerCallback {
  readonly kind: string;
  readonly name: string;
  readonly target: ServiceTarget;
  readonly origin: Origin;
}

/** A ServiceMonitor or PodMonitor. */
export interface Monitor {
  readonly kind: 'ServiceMonitor' | 'PodMonitor';
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  readonly selector: LabelSelector;
  /** Namespaces its targets are in; absent means every namespace. */
  readonly namespaces?: readonly string[];
  /** Ports to scrape: a Service (or pod) port name, or a target port number. */
  readonly ports: readonly (number | string)[];
  readonly origin: Origin;
}

/** Any other object: kept whole for scanning. */
export interface CustomResource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  readonly body: JsonObject;
  readonly origin: Origin;
}
