import type { Mount, MountedFile } from '#model';

import type { ComposeModel } from './compose-model.ts';
import type { Variables } from './interpolation.ts';
import { type LocatedMap, type LocatedNode, entryOf, isTrue, itemsOf, originOf, textOf } from './located-node.ts';
import { readVolume } from './mount-syntax.ts';
import { shown } from './plain-text.ts';
import { FILE_LIMITS } from './project-files.ts';
import type { ProjectReading } from './project-reading.ts';

const MOST_MOUNTS = 200;

/** Everything a service finds in its file system that a Compose file names: bind mounts, volumes, configs, secrets. */
export function readMounts(service: LocatedMap, model: ComposeModel, variables: Variables, subject: string, reading: ProjectReading): readonly Mount[] {
  const volumes = itemsOf(entryOf(service, 'volumes')).slice(0, MOST_MOUNTS);
  return [
    ...volumes.map((item) => mountVolume(item, subject, reading)),
    ...itemsOf(entryOf(service, 'configs')).map((item) => mountGrant(item, 'config', model.configs, variables, subject, reading)),
    ...itemsOf(entryOf(service, 'secrets')).map((item) => mountGrant(item, 'secret', model.secrets, variables, subject, reading)),
  ];
}

function mountVolume(item: LocatedNode, subject: string, { files, report }: ProjectReading): Mount {
  const { kind, source, target } = readVolume(item);
  if (kind === 'other') return { path: target, source: { kind: 'other' } };
  if (source === '') return { path: target, source: { kind: 'other', unread: target } };
  const shownFiles = files.readMounted(files.locate(item.at.folder, source));
  switch (shownFiles.kind) {
    case 'missing':
    case 'refused':
      report({
        code: 'compose-mount-not-read',
        severity: 'info',
        subject,
        message: `mounts ${shown(source)}, which ${shownFiles.why}`,
        hint: 'addresses that only stand in there are not seen; put them in the environment or beside the Compose file',
        origin: originOf(item),
      });
      return { path: target, source: { kind: 'other', unread: source } };
    case 'text':
      return filesMount(target, source, [{ path: target, text: shownFiles.text, secret: false, origin: { file: shownFiles.path, line: 1 } }]);
    case 'folder':
      return filesMount(
        target,
        source,
        shownFiles.files.map(({ inside, path, text }) => ({ path: `${target.replace(/\/$/, '')}/${inside}`, text, secret: false, origin: { file: path, line: 1 } })),
      );
  }
}

function filesMount(path: string, object: string, files: readonly MountedFile[]): Mount {
  return { path, source: { kind: 'files', object, files } };
}

function mountGrant(
  item: LocatedNode,
  kind: 'config' | 'secret',
  known: ReadonlyMap<string, LocatedNode>,
  variables: Variables,
  subject: string,
  reading: ProjectReading,
): Mount {
  const name = textOf(item.kind === 'map' ? entryOf(item, 'source') : item) ?? '';
  const given = textOf(entryOf(item, 'target'));
  const folder = kind === 'secret' ? '/run/secrets/' : '/';
  const path = given?.startsWith('/') === true ? given : `${folder}${given ?? name}`;
  const definition = known.get(name);
  if (definition === undefined) {
    reading.report({
      code: 'compose-reference-missing',
      severity: 'warning',
      subject,
      message: `uses the ${kind} ${shown(name)}, which is not defined`,
      hint: `define it under the top-level ${kind}s`,
      origin: originOf(item),
    });
    return { path, source: { kind: 'other', unread: name } };
  }
  const text = grantText(definition, kind, variables, subject, reading);
  if (text === undefined) return { path, source: { kind: 'other', unread: name } };
  return filesMount(path, name, [{ path, secret: kind === 'secret', ...text }]);
}

function grantText(
  definition: LocatedNode,
  kind: string,
  variables: Variables,
  subject: string,
  { files, report }: ProjectReading,
): Pick<MountedFile, 'text' | 'origin'> | undefined {
  if (isTrue(entryOf(definition, 'external'))) return undefined;
  const content = entryOf(definition, 'content');
  if (content !== undefined) return { text: textOf(content) ?? '', origin: originOf(content) };
  const variable = entryOf(definition, 'environment');
  const value = variables.get(textOf(variable) ?? '');
  if (variable !== undefined) return value === undefined ? undefined : { text: value, origin: originOf(variable) };
  const file = entryOf(definition, 'file');
  const named = textOf(file);
  if (file === undefined || named === undefined) return undefined;
  const reading = files.read(files.locate(file.at.folder, named), FILE_LIMITS.mountedFile);
  if (reading.kind === 'text') return { text: reading.text, origin: { file: reading.path, line: 1 } };
  report({
    code: 'compose-mount-not-read',
    severity: 'info',
    subject,
    message: `gets a ${kind} from ${shown(named)}, which ${reading.why}`,
    hint: 'addresses that only stand in there are not seen',
    origin: originOf(file),
  });
  return undefined;
}
