import { type ComposeModel, adopt } from './compose-model.ts';
import { type LocatedMap, type LocatedNode, map, scalar } from './located-node.ts';
import { mergeServices } from './merging.ts';
import { shownPath } from './plain-text.ts';
import type { ProjectReading } from './project-reading.ts';

// What a service is told about others. Not what it publishes: a developer's extra port is no way in.
const TOLD = new Set(['environment', 'env_file', 'depends_on', 'links', 'networks', 'expose', 'configs', 'secrets', 'volumes', 'extra_hosts']);

/**
 * Takes in a file that lies beside the application's own and is used with `-f` only: services the
 * application has not are added, and services both have are told what only the other file tells
 * them. Where the two differ the application's own file counts.
 */
export function placeBeside(model: ComposeModel, path: string, beside: ComposeModel, reading: ProjectReading): void {
  let added = 0;
  let completed = 0;
  for (const [name, node] of [...beside.services]) {
    const known = model.services.get(name);
    beside.services.delete(name);
    if (known !== undefined) {
      model.services.set(name, mergeServices(told(node, known), known));
      completed += 1;
    } else if (isWhole(node)) {
      model.services.set(name, node);
      added += 1;
    }
  }
  adopt(model, beside, reading);
  reading.report({
    code: 'compose-file-beside',
    severity: 'info',
    subject: shownPath(path),
    message: `is no default file and was taken in beside one: ${added} services added, ${completed} told more`,
    hint: 'name the files one by one to have them laid over each other instead',
  });
}

function isWhole(service: LocatedMap): boolean {
  return ['image', 'build', 'provider'].some((key) => service.entries.has(key));
}

function told(service: LocatedMap, known: LocatedMap): LocatedMap {
  const entries = new Map<string, LocatedNode>();
  for (const [key, node] of service.entries) {
    if (!TOLD.has(key) || node.tag !== undefined) continue;
    if (key === 'networks' && known.entries.has('network_mode')) continue;
    const keepsDefault = key === 'networks' && node.kind === 'map' && !known.entries.has('networks');
    entries.set(key, keepsDefault ? map(new Map([...node.entries, ['default', scalar(null, node.at)]]), node.at) : node);
  }
  return map(entries, service.at);
}
