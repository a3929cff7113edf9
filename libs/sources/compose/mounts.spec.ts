import { describe, expect, it } from '@jest/globals';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { withFolder } from '../../../test/support/temporary-folder.ts';
import { readComposeFolder } from './compose-folder.ts';

const files = {
  'repository/.git/HEAD': 'x',
  'repository/app/nginx.conf': 'proxy_pass http://api:9000;',
  'repository/app/conf.d/a.conf': 'a',
  'repository/app/conf.d/deep/b.conf': 'b',
  'repository/app/conf.d/.hidden': 'h',
  'repository/app/conf.d/docker-compose.dev.yml': 'services: {}',
  'repository/app/conf.d/README.md': 'see http://other:80',
  'repository/app/conf.d/node_modules/c.js': 'c',
  'repository/app/conf.d/picture.png': new Uint8Array([0x89, 0x50, 0, 255]),
  'repository/common/shared.conf': 'shared',
  'outside/secret.conf': 'nobody reads me',
};

function mountsOf(lines: string, more: Readonly<Record<string, string | Uint8Array>> = {}) {
  const compose = { 'repository/app/compose.yaml': `services:\n  web:\n    image: x\n    ${lines}\n` };
  return withFolder({ ...files, ...compose, ...more }, (top) => {
    symlinkSync(join(top, 'outside', 'secret.conf'), join(top, 'repository', 'app', 'link.conf'));
    symlinkSync(join(top, 'outside'), join(top, 'repository', 'app', 'link.d'));
    mkdirSync(join(top, 'repository', 'app', 'empty'));
    const { projects, diagnostics } = readComposeFolder(join(top, 'repository', 'app'), ['compose.yaml']);
    const mounts = projects[0]?.workloads[0]?.containers[0]?.mounts ?? [];
    return {
      diagnostics,
      mounts,
      texts: Object.fromEntries(mounts.flatMap(({ source }) => (source.kind === 'files' ? source.files.map((file) => [file.path, file.text]) : []))),
    };
  });
}

describe('a bind mount', () => {
  it.each([
    ['a file', 'volumes: ["./nginx.conf:/etc/nginx.conf:ro"]', { '/etc/nginx.conf': 'proxy_pass http://api:9000;' }],
    ['the long form', 'volumes: [{type: bind, source: ./nginx.conf, target: /etc/nginx.conf, read_only: true}]', { '/etc/nginx.conf': 'proxy_pass http://api:9000;' }],
    ['a path from the working folder', 'volumes: ["${PWD}/nginx.conf:/n"]', { '/n': 'proxy_pass http://api:9000;' }],
    ['a path within the repository', 'volumes: ["../common/shared.conf:/s"]', { '/s': 'shared' }],
    ['a small folder, its texts only', 'volumes: ["./conf.d:/etc/conf.d/"]', { '/etc/conf.d/a.conf': 'a', '/etc/conf.d/deep/b.conf': 'b' }],
    ['an empty folder', 'volumes: ["./empty:/e"]', {}],
  ])('shows %s', (_what, lines, texts) => {
    const read = mountsOf(lines);
    expect(read.texts).toEqual(texts);
    expect(read.mounts).toMatchObject([{ source: { kind: 'files' } }]);
    expect(read.diagnostics).toEqual([]);
  });

  it.each([
    ['the engine', '/var/run/docker.sock:/var/run/docker.sock', 'machine'],
    ['a path of the machine', '/etc/passwd:/p', 'machine'],
    ['a home', '~/.ssh:/ssh', 'machine'],
    ['a Windows path', 'C:\\Users\\x:/x', 'machine'],
    ['what is above the repository', '../../outside/secret.conf:/s', 'outside'],
    ['a way out in disguise', './conf.d/../../../outside/secret.conf:/s', 'outside'],
    ['a link out of the repository', './link.conf:/s', 'link'],
    ['a folder behind such a link', './link.d:/s', 'link'],
    ['a file behind such a link', './link.d/secret.conf:/s', 'link'],
    ['what is not there', './none.conf:/n', 'not there'],
    ['what is no text', './conf.d/picture.png:/p', 'no text'],
    ['a name that is none', '"./a\\0b:/n"', 'no path'],
  ])('never shows %s', (_what, volume, why) => {
    const { mounts, diagnostics } = mountsOf(`volumes: [${volume.startsWith('"') ? volume : `'${volume}'`}]`);
    expect(mounts).toMatchObject([{ source: { kind: 'other', unread: expect.any(String) } }]);
    expect(diagnostics).toMatchObject([{ code: 'compose-mount-not-read', severity: 'info', message: expect.stringContaining(why) }]);
  });

  it('is not known where a variable nobody set names it', () => {
    expect(mountsOf("volumes: ['${CONFIG_FILE}:/etc/app.yml']").mounts).toEqual([{ path: '/etc/app.yml', source: { kind: 'other', unread: '/etc/app.yml' } }]);
  });

  it('is cut off where files are too large or too many', () => {
    expect(mountsOf('volumes: ["./big:/b"]', { 'repository/app/big': 'x'.repeat(300_000) }).diagnostics).toMatchObject([{ message: expect.stringContaining('larger') }]);
    const many = Object.fromEntries(Array.from({ length: 80 }, (_, at) => [`repository/app/src/${at}.js`, 'x']));
    expect(mountsOf('volumes: ["./src:/src"]', many).diagnostics).toMatchObject([{ message: expect.stringContaining('more than 64 files') }]);
  });

  it.each(['data:/data', '/data', '{type: tmpfs, target: /t}', '{type: volume, source: data, target: /d}'])('is not %s, of which nothing is told', (volume) => {
    const { mounts, diagnostics } = mountsOf(`volumes: [${volume.startsWith('{') ? volume : `"${volume}"`}]`);
    expect(mounts).toEqual([{ path: expect.any(String), source: { kind: 'other' } }]);
    expect(diagnostics).toEqual([]);
  });
});

describe('a config or secret', () => {
  const definitions = `
configs:
  file: {file: ./nginx.conf}
  inline: {content: "host=\${HOST:-db}"}
  variable: {environment: TOKEN}
  outside: {external: true}
secrets:
  key: {file: ../common/shared.conf}
  variable: {environment: NOBODY}`;
  it.each([
    ['file', 'configs: [file]', { path: '/file', text: 'proxy_pass http://api:9000;', secret: false }],
    ['inline', 'configs: [{source: inline, target: /etc/inline}]', { path: '/etc/inline', text: 'host=db', secret: false }],
    ['variable of .env', 'configs: [variable]', { path: '/variable', text: 't0ken', secret: false }],
    ['secret', 'secrets: [key]', { path: '/run/secrets/key', text: 'shared', secret: true }],
    ['secret with a target', 'secrets: [{source: key, target: other}]', { path: '/run/secrets/other', secret: true }],
  ])('from a %s is a file', (_what, lines, file) => {
    const { mounts, diagnostics } = mountsOf(`${lines}\n${definitions}`, { 'repository/app/.env': 'TOKEN=t0ken' });
    expect(mounts).toMatchObject([{ path: file.path, source: { kind: 'files', files: [file] } }]);
    expect(diagnostics).toEqual([]);
  });

  it.each(['configs: [outside]', 'secrets: [variable]'])('held elsewhere is not known: %s', (lines) => {
    expect(mountsOf(`${lines}\n${definitions}`).mounts).toMatchObject([{ source: { kind: 'other' } }]);
  });
});
