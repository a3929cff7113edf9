import { describe, expect, it } from '@jest/globals';

import type { SourceUpdate } from '#model';

import type { MetadataListener, MetadataSource } from './metadata-source.ts';
import { NodeMetadata } from './node-metadata.ts';

class Told implements MetadataSource {
  readonly name: string;
  listener: MetadataListener | undefined;
  isStopped = false;

  constructor(name: string) {
    this.name = name;
  }

  start(listener: MetadataListener): void {
    if (this.listener !== undefined) throw new Error('started twice');
    this.listener = listener;
  }

  stop(): Promise<void> {
    this.isStopped = true;
    return Promise.resolve();
  }

  say(key: string, version: number | undefined): void {
    this.listener?.updates([{ source: this.name, key, value: version === undefined ? undefined : host(`${key}-${String(version)}`) }]);
  }
}

function host(name: string): SourceUpdate['value'] {
  return { kind: 'container-host', node: { name, labels: {}, addresses: [], podCidrs: [], isExample: false }, diagnostics: [] };
}

function reading(metadata: NodeMetadata): { readonly told: string[]; readonly end: () => void } {
  const told: string[] = [];
  const end = metadata.read({
    updates: (updates) => {
      for (const { source, key, value } of updates) told.push(`${source} ${key} ${value?.kind === 'container-host' ? value.node.name : 'gone'}`);
    },
    inSync: () => {
      told.push('in sync');
    },
  });
  return { told, end };
}

describe('what the sources of a node know', () => {
  it('is told from the beginning to whoever comes later, once all sources have told everything', () => {
    const [docker, units] = [new Told('docker'), new Told('host')];
    const metadata = new NodeMetadata([docker, units], () => undefined);
    expect(docker.listener).toBeUndefined();
    const first = reading(metadata);
    docker.say('a', 1);
    docker.listener?.inSync();
    units.say('a', 1);
    expect(first.told).toEqual(['docker a a-1', 'host a a-1']);
    units.listener?.inSync();
    docker.listener?.inSync();
    expect(first.told.slice(2)).toEqual(['in sync']);
    docker.say('a', 2);
    docker.say('b', 1);
    units.say('a', undefined);
    expect(first.told.slice(3)).toEqual(['docker a a-2', 'docker b b-1', 'host a gone']);
    expect(reading(metadata).told).toEqual(['docker a a-2', 'docker b b-1', 'in sync']);
  });

  it('is told to nobody who has stopped reading', async () => {
    const docker = new Told('docker');
    const metadata = new NodeMetadata([docker], () => undefined);
    const { told, end } = reading(metadata);
    end();
    docker.say('a', 1);
    expect(told).toEqual([]);
    await metadata.stop();
    expect(docker.isStopped).toBe(true);
  });

  it('is in sync at once where there are no sources', () => {
    expect(reading(new NodeMetadata([], () => undefined)).told).toEqual(['in sync']);
  });
});
