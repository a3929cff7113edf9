import type { ComposeProject, Origin, Workload } from '#model';

import type { ComposeModel } from './compose-model.ts';
import type { Variables } from './interpolation.ts';
import { originOf } from './located-node.ts';
import { shown, shownPath } from './plain-text.ts';
import { isServiceName } from './project-name.ts';
import type { ProjectReading } from './project-reading.ts';
import { nameServices } from './service-names.ts';
import { type ReadService, readService } from './service-workload.ts';

const MOST_SERVICES = 5_000;

/** Turns a loaded application into workloads and the names that lead to them. */
export function readProject(name: string, origin: Origin, model: ComposeModel, variables: Variables, reading: ProjectReading): ComposeProject {
  const read: ReadService[] = [];
  for (const [service, node] of model.services) {
    if (!isServiceName(service) || read.length >= MOST_SERVICES) {
      reading.report({
        code: 'compose-service-name-invalid',
        severity: 'error',
        subject: shownPath(node.at.file),
        message: isServiceName(service) ? `has more than ${MOST_SERVICES} services` : `has a service name that is none: ${shown(service)}`,
        hint: 'use letters, digits, dots, dashes and underscores, 253 at most; the service is left out',
        origin: originOf(node),
      });
      continue;
    }
    read.push(readService(name, service, node, model, variables, reading));
  }
  const byName = new Map(read.map((one) => [one.workload.ref.name, one]));
  const workloads = [...byName]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, one]) => withSharedNetwork(one, byName, reading));
  return { kind: 'compose-project', name, workloads, services: nameServices(name, read), origin };
}

// `network_mode: service:x`: on the networks of x, under the addresses of x.
function withSharedNetwork({ workload, facts, attachments }: ReadService, byName: ReadonlyMap<string, ReadService>, { report }: ProjectReading): Workload {
  if (attachments.networkOf === undefined) return workload;
  const passed = new Set([workload.ref.name]);
  let at = byName.get(attachments.networkOf);
  while (at?.attachments.networkOf !== undefined && !passed.has(at.workload.ref.name)) {
    passed.add(at.workload.ref.name);
    at = byName.get(at.attachments.networkOf);
  }
  if (at === undefined || at.attachments.networkOf !== undefined) {
    report({
      code: 'compose-reference-missing',
      severity: 'warning',
      subject: `Compose service ${shown(workload.ref.namespace)}/${shown(workload.ref.name)}`,
      message: `shares the network of ${shown(attachments.networkOf)}, which ${at === undefined ? 'is not defined' : 'leads back to itself'}`,
      hint: 'correct network_mode; the service is taken to be on no network',
      origin: workload.origin,
    });
    return workload;
  }
  const { networks, addresses, isHost } = at.attachments;
  return {
    ...workload,
    hostNetwork: isHost,
    compose: { ...facts, networks, networkOf: at.workload.ref.name, ...(addresses.length === 0 ? {} : { addresses }) },
  };
}
