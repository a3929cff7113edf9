import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { openSqliteStore } from '#store';

import { ControllerWorld } from './support/controller-world.ts';
import { everythingTold, MARKER } from './support/kept-secrets.ts';

jest.setTimeout(60_000);

let world: ControllerWorld;

beforeEach(async () => {
  world = await ControllerWorld.make();
});
afterEach(() => world.close());

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)).filter((path) => statSync(path).isFile());
}

/** As it is, and as bytes and base64 would show it. */
const SHAPES = [MARKER, Buffer.from(MARKER).toString('base64').replace(/=+$/, ''), Buffer.from(MARKER).toString('hex')];
const holding = (text: string): boolean => SHAPES.some((shape) => text.includes(shape));

describe('a password in a Secret, a ConfigMap, an environment, arguments or annotations', () => {
  it('leaves the controller nowhere: not in answers, its log, what it sends to nodes, and no file', async () => {
    const folder = join(world.channel.folder, 'kept');
    const texts = await everythingTold(world, openSqliteStore({ folder }));
    expect([...texts].filter(([, text]) => holding(text)).map(([name, text]) => `${name}: ${text.slice(Math.max(0, text.indexOf(MARKER) - 200), text.indexOf(MARKER) + 40)}`)).toEqual([]);
    // it was asked about what the passwords stand in
    expect([...texts.keys()].filter((name) => name.startsWith('/') && !name.endsWith(' 200'))).toEqual([]);
    expect(texts.get('/api/v1/proposals/shop/Deployment/db 200')).toContain('DATABASE_URL');
    expect(texts.get('log')).toContain('an enforcer has connected');
    expect(texts.get('sent to the node')).toContain('10.1.1.3');
    const files = filesIn(world.channel.folder);
    expect(files.some((path) => path.startsWith(folder))).toBe(true);
    expect(files.filter((path) => holding(readFileSync(path, 'latin1')))).toEqual([]);
    // whoever is nobody to the controller reads none of it either
    expect(filesIn(folder).filter((path) => (statSync(path).mode & 0o077) !== 0)).toEqual([]);
  });
});
