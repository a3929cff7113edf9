import { type CustomResource, EVERYTHING, type GraphPeer, isJsonObject, type Json, type JsonObject, type LabelRequirement, type LabelSelector, type Monitor, type Snapshot, selects } from '#model';

/** A Prometheus of the input, as an operator's custom resource describes it. */
export interface Scraper {
  readonly peer: GraphPeer;
  readonly resource: CustomResource;
  readonly spec: JsonObject;
}

const SCRAPER_KINDS: ReadonlySet<string> = new Set(['Prometheus', 'PrometheusAgent']);
const OPERATOR_GROUP = 'monitoring.coreos.com/';

export function scrapersOf(snapshot: Snapshot): readonly Scraper[] {
  return snapshot.customResources.flatMap((resource): readonly Scraper[] => {
    const { apiVersion, kind, namespace, name, body } = resource;
    const spec = body['spec'];
    if (!SCRAPER_KINDS.has(kind) || !apiVersion.startsWith(OPERATOR_GROUP) || !isJsonObject(spec)) return [];
    return [{ peer: { namespace, kind, name }, resource, spec }];
  });
}

/**
 * Whether a Prometheus picks up a monitor: by the monitor's labels and by those of its namespace.
 *
 * An absent monitor selector picks none; an absent namespace selector means the Prometheus's own
 * namespace, an empty one every namespace (Prometheus operator API reference).
 */
export function picks(scraper: Scraper, monitor: Monitor, snapshot: Snapshot): boolean {
  const prefix = monitor.kind === 'ServiceMonitor' ? 'serviceMonitor' : 'podMonitor';
  const byLabels = selectorOf(scraper.spec[`${prefix}Selector`]);
  if (byLabels === undefined || !selects(byLabels, monitor.labels)) return false;
  const byNamespace = selectorOf(scraper.spec[`${prefix}NamespaceSelector`]);
  if (byNamespace === undefined) return monitor.namespace === scraper.resource.namespace;
  return selects(byNamespace, snapshot.namespaces.get(monitor.namespace)?.labels ?? {});
}

/** A label selector in wire shape. Undefined where there is none; one that can not be read selects nothing. */
function selectorOf(json: Json | undefined): LabelSelector | undefined {
  if (!isJsonObject(json)) return undefined;
  const labels = json['matchLabels'];
  const expressions = json['matchExpressions'];
  const exact = isJsonObject(labels) ? Object.entries(labels).map(([key, value]): LabelRequirement => ({ key, operator: 'In', values: typeof value === 'string' ? [value] : [] })) : [];
  const others = Array.isArray(expressions) ? (expressions as readonly Json[]).map(requirementOf) : [];
  const requirements = [...exact, ...others];
  return requirements.length === 0 ? EVERYTHING : { requirements };
}

const NOTHING: LabelRequirement = { key: '', operator: 'In', values: [] };

function requirementOf(json: Json): LabelRequirement {
  if (!isJsonObject(json)) return NOTHING;
  const { key, operator, values } = json;
  if (typeof key !== 'string') return NOTHING;
  if (operator === 'Exists' || operator === 'DoesNotExist') return { key, operator, values: [] };
  if ((operator === 'In' || operator === 'NotIn') && Array.isArray(values)) return { key, operator, values: (values as readonly Json[]).filter((value) => typeof value === 'string') };
  return NOTHING;
}
