import { type LocatedNode, entryOf, textOf } from './located-node.ts';

/** A `volumes` entry of a service: what is shown at `target`. */
export interface VolumeEntry {
  readonly kind: 'bind' | 'other';
  readonly source: string;
  readonly target: string;
}

const DRIVE = /^[A-Za-z]:[\\/]/;

/** Reads the short (`source:target:mode`) or the long form. */
export function readVolume(item: LocatedNode): VolumeEntry {
  if (item.kind === 'map') {
    const source = textOf(entryOf(item, 'source')) ?? '';
    const isBind = textOf(entryOf(item, 'type')) === 'bind';
    return { kind: isBind ? 'bind' : 'other', source, target: textOf(entryOf(item, 'target')) ?? '' };
  }
  const text = textOf(item) ?? '';
  const drive = DRIVE.exec(text)?.[0] ?? '';
  const [first = '', target] = text.slice(drive.length).split(':');
  if (target === undefined) return { kind: 'other', source: '', target: text };
  const source = drive + first;
  // a reference to a variable nobody set leaves nothing before the colon
  return { kind: drive !== '' || source === '' || /^[./~\\]/.test(source) ? 'bind' : 'other', source, target };
}

export function readMountTarget(item: LocatedNode): string {
  return readVolume(item).target;
}
