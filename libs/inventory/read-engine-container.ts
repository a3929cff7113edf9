import type { EngineContainer } from '#model';

import type { Found } from './found.ts';

/** A container of an engine: a pod whose workload is described by it, unless a Compose file does. */
export function readEngineContainer({ pod, workload, networks }: EngineContainer): Found {
  const { ref, origin } = workload;
  return {
    pods: [
      {
        pod,
        draft: {
          workload,
          group: ENGINE_GROUP,
          owner: { group: ENGINE_GROUP, kind: ref.kind, name: ref.name },
          automountToken: false,
          hasProjectedToken: false,
        },
      },
    ],
    attachments: networks.map(({ network, names }) => ({ network, names, workload: ref, origin })),
  };
}

/** No API group can be called so: a custom resource of the same kind is something else. */
const ENGINE_GROUP = 'container engine';
