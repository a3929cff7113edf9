/** Who a process runs as: a unit of systemd, or a program nobody manages. */
export interface UnitName {
  readonly kind: 'Unit' | 'Process';
  readonly name: string;
}

const UNIT = /\.(?:service|scope)$/;
/** The manager of a person's own services. */
const MANAGER = /^user@(\d{1,10})\.service$/;
/** Control groups container engines make: what is in them is told by their own source. */
const CONTAINER = /(?:^|\/)(?:kubepods|docker|libpod|machine\.slice)(?:[./-]|$)|(?:docker|cri-containerd|crio|libpod)-[0-9a-f]{12,}/;
const LONGEST = 200;

/**
 * Tells from `/proc/<pid>/cgroup` which unit a process belongs to, else calls it by its command;
 * undefined for processes of containers.
 *
 * The outermost unit counts: what runs inside may call the groups it makes there whatever it likes.
 * A service of a person's own manager is that service of that person, and never one of the system's.
 */
export function unitOf(cgroup: string, command: string): UnitName | undefined {
  // one line for the unified tree, numbered 0; on older systems systemd's own says more
  const paths = cgroup.split('\n').map((line) => /^(\d+):([^:]*):(.*)$/.exec(line)).filter((match) => match !== null);
  if (paths.some(([, , , path = '']) => CONTAINER.test(path))) return undefined;
  const candidates = paths.filter(([, number, controllers]) => number === '0' || controllers === 'name=systemd').map(([, , , path = '']) => path);
  for (const path of candidates) {
    const [unit, within] = path.split('/').filter((part) => UNIT.test(part));
    if (unit === undefined) continue;
    const [, person] = MANAGER.exec(unit) ?? [];
    return { kind: 'Unit', name: plainName(person === undefined || within === undefined ? unescaped(unit) : `user-${person}:${unescaped(within)}`) };
  }
  return { kind: 'Process', name: plainName(command) };
}

// systemd writes what cannot stand in a name as \x2d
function unescaped(name: string): string {
  return name.replace(/\\x([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

/** As a part of keys: letters, digits and a few marks; a program may call itself anything. */
function plainName(name: string): string {
  const plain = name.slice(0, LONGEST).replace(/[^A-Za-z0-9@_.:-]/g, '-');
  return plain === '' ? 'unnamed' : plain;
}
