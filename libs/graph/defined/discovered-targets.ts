import { type Json, type JsonObject, isJsonObject, type Labels, type Snapshot, type Workload, workloadKey } from '#model';

import { readDocuments } from '../declared/document-scan.ts';
import { mountedTexts } from '../mounted-text.ts';
import type { ServiceBackends } from '../service-backends.ts';
import { type DefinedFlow, definedBy } from './defined-flow.ts';
import type { Discovery } from './discovery.ts';
import { matchesPattern } from './relabel-pattern.ts';

/** A port discovery may offer, with the labels relabelling rules decide by. */
interface Candidate {
  readonly workload: Workload;
  readonly port: number;
  readonly labels: Labels;
}

const HINT = 0.4;
// more than any cluster has; what is behind is data
const MOST_DISCOVERERS = 50;
const MOST_JOBS = 200;

/**
 * What a Prometheus of the input finds by itself (`kubernetes_sd_configs`, `docker_sd_configs`): a
 * hint to every declared port its relabelling rules let through, so that nobody cuts it off.
 *
 * Rules that can not be told from the input let everything through.
 */
export function discoveredTargets(snapshot: Snapshot, backends: ServiceBackends, discoveries: readonly Discovery[]): readonly DefinedFlow[] {
  if (discoveries.length === 0) return [];
  const pods = podCandidates(snapshot);
  const endpoints = endpointCandidates(snapshot, backends);
  return discoveries.slice(0, MOST_DISCOVERERS).flatMap(({ workload, place }) => {
    const jobs = mountedTexts(workload, snapshot).flatMap(({ text }) => (text.includes('_sd_configs') ? scrapeJobs(text) : [])).slice(0, MOST_JOBS);
    const found = jobs.flatMap((job) => targetsOf(job, workload, pods, endpoints));
    const targets = new Map(found.map((each) => [`${workloadKey(each.workload.ref)} ${String(each.port)}`, each]));
    return [...targets.values()].filter((each) => each.workload !== workload || workload.replicas > 1).map((each) => flowTo(workload, each, place));
  });
}

function flowTo({ ref, origin }: Workload, { workload, port }: Candidate, place: string): DefinedFlow {
  return { from: ref, to: workload.ref, port, protocol: 'TCP', application: 'http', tier: 'weak', confidence: HINT, evidence: definedBy('service-discovery', origin, place, `${place} may find port ${String(port)} at run time and scrape it`) };
}

interface ScrapeJob {
  readonly role: 'pod' | 'endpoints' | 'docker';
  /** Undefined for every namespace. */
  readonly namespaces?: readonly string[];
  readonly rules: readonly JsonObject[];
}

function scrapeJobs(text: string): readonly ScrapeJob[] {
  const documents = readDocuments(text) ?? [];
  return documents.flatMap((document) => (isJsonObject(document) ? objectsIn(document['scrape_configs']).flatMap(jobsOf) : []));
}

function jobsOf(config: JsonObject): readonly ScrapeJob[] {
  const rules = objectsIn(config['relabel_configs']);
  // who keeps only what asks for it by annotation is read from the annotations
  if (rules.some((rule) => rule['action'] === 'keep' && textsIn(rule['source_labels']).some((label) => label.endsWith('annotation_prometheus_io_scrape')))) return [];
  const kubernetes = objectsIn(config['kubernetes_sd_configs']).flatMap((discovery): readonly ScrapeJob[] => {
    const role = discovery['role'];
    if (role !== 'pod' && role !== 'endpoints' && role !== 'endpointslice' && role !== 'service') return [];
    const names = isJsonObject(discovery['namespaces']) ? textsIn(discovery['namespaces']['names']) : [];
    return [{ role: role === 'pod' ? 'pod' : 'endpoints', ...(names.length === 0 ? {} : { namespaces: names }), rules }];
  });
  return 'docker_sd_configs' in config || 'dockerswarm_sd_configs' in config ? [...kubernetes, { role: 'docker', rules }] : kubernetes;
}

function targetsOf({ role, namespaces, rules }: ScrapeJob, client: Workload, pods: readonly Candidate[], endpoints: readonly Candidate[]): readonly Candidate[] {
  const platform = role === 'docker' ? 'compose' : 'kubernetes';
  const candidates = (role === 'endpoints' ? endpoints : pods).filter(({ workload }) => workload.platform === platform);
  if (role === 'docker') return candidates.filter(({ workload }) => workload.ref.namespace === client.ref.namespace);
  return candidates.filter((each) => (namespaces === undefined || namespaces.includes(each.workload.ref.namespace)) && rules.every((rule) => letsThrough(rule, each.labels)));
}

function letsThrough(rule: JsonObject, labels: Labels): boolean {
  const { action, regex, separator } = rule;
  if (action !== 'keep' && action !== 'drop') return true;
  const values = textsIn(rule['source_labels']).map((label) => (Object.hasOwn(labels, label) ? labels[label] : HAS_MANY.test(label) ? '' : undefined));
  if (values.some((value) => value === undefined)) return true;
  const text = values.join(typeof separator === 'string' ? separator : ';');
  const isMatch = matchesPattern(String(typeof regex === 'string' || typeof regex === 'boolean' || typeof regex === 'number' ? regex : '.*'), text);
  return isMatch === undefined || isMatch === (action === 'keep');
}

// labels and annotations nobody has read as empty; what else is not known here is not known at all
const HAS_MANY = /^__meta_kubernetes_(?:pod|service)_(?:label|annotation|labelpresent|annotationpresent)_/;

function podCandidates(snapshot: Snapshot): readonly Candidate[] {
  return [...snapshot.workloads.values()].flatMap((workload) =>
    workload.containers.flatMap((container) =>
      container.ports.filter(({ protocol }) => protocol === 'TCP').map(({ name = '', port }): Candidate => ({
        workload,
        port,
        labels: {
          ...podLabels(workload),
          __meta_kubernetes_pod_container_name: container.name,
          __meta_kubernetes_pod_container_port_name: name,
          __meta_kubernetes_pod_container_port_number: String(port),
          __meta_kubernetes_pod_container_port_protocol: 'TCP',
        },
      })),
    ),
  );
}

function endpointCandidates(snapshot: Snapshot, backends: ServiceBackends): readonly Candidate[] {
  return [...snapshot.services.values()].flatMap((service) =>
    backends.backendsOf(service).filter(({ protocol }) => protocol === 'TCP').map(({ workload, port, servicePort: { name = '' } }): Candidate => ({
      workload,
      port,
      labels: {
        ...podLabels(workload),
        ...metaLabels('service', service.labels, service.annotations),
        __meta_kubernetes_namespace: service.namespace,
        __meta_kubernetes_service_name: service.name,
        __meta_kubernetes_endpoint_port_name: name,
        __meta_kubernetes_endpointslice_port_name: name,
        __meta_kubernetes_service_port_name: name,
      },
    })),
  );
}

function podLabels({ ref, podLabels: labels, podAnnotations }: Workload): Labels {
  return { ...metaLabels('pod', labels, podAnnotations), __meta_kubernetes_namespace: ref.namespace, __meta_kubernetes_pod_phase: 'Running', __meta_kubernetes_pod_ready: 'true' };
}

function metaLabels(of: 'pod' | 'service', labels: Labels, annotations: Labels): Labels {
  const made = [...Object.entries(labels).map(([key, value]) => [`label_${cleaned(key)}`, value]), ...Object.entries(annotations).map(([key, value]) => [`annotation_${cleaned(key)}`, value])] as const;
  return Object.fromEntries(made.flatMap(([key = '', value = '']) => [[`__meta_kubernetes_${of}_${key}`, value], [`__meta_kubernetes_${of}_${key.replace('_', 'present_')}`, 'true']]));
}

function cleaned(key: string): string {
  return key.replace(/[^A-Za-z0-9_]/g, '_');
}

function objectsIn(json: Json | undefined): readonly JsonObject[] {
  return Array.isArray(json) ? (json as readonly Json[]).filter(isJsonObject) : [];
}

function textsIn(json: Json | undefined): readonly string[] {
  return Array.isArray(json) ? (json as readonly Json[]).filter((item) => typeof item === 'string') : [];
}
