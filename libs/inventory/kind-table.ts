import type { Manifest } from '#model';

import type { Found } from './found.ts';
import type { ObjectReading } from './object-reading.ts';
import { readRole, readRoleBinding, readServiceAccount } from './read-access.ts';
import { readApiService, readCustomResourceDefinition, readWebhookConfiguration } from './read-callback.ts';
import { readConfigMap, readSecret } from './read-config.ts';
import { readCustomResource } from './read-custom-resource.ts';
import { readMonitor } from './read-monitor.ts';
import { readNamespace, readNode } from './read-place.ts';
import { readPod } from './read-pod.ts';
import { readOperatedWorkload } from './read-prometheus.ts';
import { readGatewayRoute, readIngress } from './read-route.ts';
import { readEndpointSlice, readEndpoints, readService } from './read-service.ts';
import { groupOf, readCronJob, readWorkload } from './read-workload.ts';

type ObjectReader = (reading: ObjectReading) => Found;

/** Which reader reads which kind, by group and kind: the version tells shapes apart only where a reader says so. */
const READERS: ReadonlyMap<string, ObjectReader> = new Map<string, ObjectReader>([
  ['/Namespace', readNamespace],
  ['/Node', readNode],
  ['/Pod', readPod],
  ['/ReplicationController', readWorkload],
  ['/Service', readService],
  ['/Endpoints', readEndpoints],
  ['/ConfigMap', readConfigMap],
  ['/Secret', readSecret],
  ['/ServiceAccount', readServiceAccount],
  ['apps/Deployment', readWorkload],
  ['apps/StatefulSet', readWorkload],
  ['apps/DaemonSet', readWorkload],
  ['apps/ReplicaSet', readWorkload],
  ['extensions/Deployment', readWorkload],
  ['extensions/DaemonSet', readWorkload],
  ['extensions/ReplicaSet', readWorkload],
  ['batch/Job', readWorkload],
  ['batch/CronJob', readCronJob],
  ['discovery.k8s.io/EndpointSlice', readEndpointSlice],
  ['rbac.authorization.k8s.io/Role', readRole],
  ['rbac.authorization.k8s.io/ClusterRole', readRole],
  ['rbac.authorization.k8s.io/RoleBinding', readRoleBinding],
  ['rbac.authorization.k8s.io/ClusterRoleBinding', readRoleBinding],
  ['networking.k8s.io/Ingress', readIngress],
  ['extensions/Ingress', readIngress],
  ['gateway.networking.k8s.io/HTTPRoute', readGatewayRoute],
  ['gateway.networking.k8s.io/GRPCRoute', readGatewayRoute],
  ['gateway.networking.k8s.io/TLSRoute', readGatewayRoute],
  ['gateway.networking.k8s.io/TCPRoute', readGatewayRoute],
  ['gateway.networking.k8s.io/UDPRoute', readGatewayRoute],
  ['monitoring.coreos.com/ServiceMonitor', readMonitor],
  ['monitoring.coreos.com/PodMonitor', readMonitor],
  ['monitoring.coreos.com/Prometheus', readOperatedWorkload],
  ['monitoring.coreos.com/PrometheusAgent', readOperatedWorkload],
  ['monitoring.coreos.com/Alertmanager', readOperatedWorkload],
  ['monitoring.coreos.com/ThanosRuler', readOperatedWorkload],
  ['admissionregistration.k8s.io/ValidatingWebhookConfiguration', readWebhookConfiguration],
  ['admissionregistration.k8s.io/MutatingWebhookConfiguration', readWebhookConfiguration],
  ['apiregistration.k8s.io/APIService', readApiService],
  ['apiextensions.k8s.io/CustomResourceDefinition', readCustomResourceDefinition],
]);

export function readerOf(manifest: Manifest): ObjectReader {
  return READERS.get(`${groupOf(manifest.apiVersion)}/${manifest.objectKind}`) ?? readCustomResource;
}
