import { describe, expect, it } from '@jest/globals';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { withFolder } from '../../../test/support/temporary-folder.ts';
import { readComposeFolder } from './compose-folder.ts';

const long = 'x'.repeat(10_000);
const bomb = `a0: &a0 [x, x, x, x, x, x, x, x, x]\n${Array.from({ length: 12 }, (_, at) => `a${at + 1}: &a${at + 1} [${Array<string>(9).fill(`*a${at}`).join(', ')}]`).join('\n')}`;
const wideIncludes = Object.fromEntries(
  Array.from({ length: 12 }, (_, at) => [`i${at}.yaml`, `include: [{path: i${at + 1}.yaml}, {path: [i${at + 1}.yaml, none${at}.yaml]}]\nservices: {s${at}: {image: x}}`]),
);

function codes(files: Readonly<Record<string, string>>) {
  return withFolder(files, (folder) => {
    const { projects, diagnostics } = readComposeFolder(folder, ['compose.yaml']);
    for (const { subject, message, hint, code } of diagnostics) {
      // eslint-disable-next-line no-control-regex -- that none of these gets out is what is tested
      expect(`${subject}${message}${hint}`).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      expect(message.length).toBeLessThan(400);
      expect(code).toMatch(/^[a-z]+(?:-[a-z]+)*$/);
    }
    return {
      services: projects.flatMap(({ workloads }) => workloads.map(({ ref }) => ref.name)),
      told: [...new Set(diagnostics.map(({ code, severity }) => `${severity} ${code}`))],
      lines: diagnostics.map(({ origin }) => origin?.line),
    };
  });
}

describe('a Compose file that is refused', () => {
  it.each([
    ['broken YAML', 'services:\n  a: {image: x\n  b: 1', 'yaml-invalid'],
    ['a key twice', 'services:\n  a: {image: x}\n  a: {image: y}', 'yaml-duplicate-key'],
    ['a variable twice', 'services:\n  a:\n    image: x\n    environment:\n      A: 1\n      A: 2', 'yaml-duplicate-key'],
    ['an alias bomb', `${bomb}\nservices: {a: {image: x}}`, 'yaml-too-large'],
    ['an alias into itself', 'services: &a\n  b: *a', 'yaml-invalid'],
    ['an alias of nothing', 'services: {a: *b}', 'yaml-invalid'],
    ['a merge of a text', 'services: {a: {<<: text, image: x}}', 'yaml-invalid'],
    ['a key that is a list', '? [a, b]\n: c', 'yaml-invalid'],
    ['depth', `services: ${'['.repeat(5_000)}`, 'yaml-invalid'],
    ['depth in blocks', Array.from({ length: 200 }, (_, at) => `${' '.repeat(at)}k:`).join('\n'), 'yaml-invalid'],
    ['a list at the top', '- a\n- b', 'compose-invalid'],
    ['a text at the top', 'hello', 'compose-invalid'],
    ['nothing', '', 'compose-empty'],
    ['no services', 'services: {}', 'compose-empty'],
    ['services that are a list', 'services: [a]', 'compose-empty'],
    ['100 kB of open braces in a value', `services: {a: "${'${A:-'.repeat(20_000)}"}`, 'compose-invalid'],
  ])('for %s', (_what, text, code) => {
    const { services, told } = codes({ 'compose.yaml': text });
    expect(services).toEqual([]);
    expect(told.map((one) => one.replace(/^\w+ /, ''))).toContain(code);
  });
});

describe('a Compose file that is read all the same', () => {
  it.each([
    ['services named like what every object has', 'services: {__proto__: {image: x}, constructor: {image: x, depends_on: [__proto__], environment: {__proto__: y}, labels: {__proto__: z}}}', ['__proto__', 'constructor'], []],
    ['names of 10,000 characters', `services: {a: {image: x, container_name: ${long}, networks: {default: {aliases: [${long}]}}}, ${long}: {image: x}}`, ['a'], ['error compose-service-name-invalid']],
    ['a name with a line break', 'services: {"a\\nb": {image: x}, c: {image: x}}', ['c'], ['error compose-service-name-invalid']],
    ['a name with a slash', 'services: {a/b: {image: x}, c: {image: x}}', ['c'], ['error compose-service-name-invalid']],
    ['control characters everywhere', 'services: {c: {image: "\\e[31m", depends_on: ["\\e[31m"], env_file: "\\e[31m", ports: ["\\e[31m"], networks: ["\\r\\n"]}}', ['c'], expect.any(Array)],
    ['attributes of the wrong kind', 'services: {c: {image: [], ports: {a: b}, environment: text, depends_on: 7, networks: text, volumes: {}, extends: [], healthcheck: text, deploy: text, configs: 7, labels: [[a]]}}', ['c'], expect.any(Array)],
    ['a service that is no mapping', 'services: {a: text, b: null, c: {image: x}}', ['c'], ['error compose-invalid']],
    ['services that extend each other', 'services: {a: {extends: b}, b: {extends: {service: c}, image: x}, c: {extends: a}}', ['a', 'b', 'c'], ['error compose-extends-cycle']],
    ['a service that extends itself', 'services: {a: {extends: a, image: x}}', ['a'], ['error compose-extends-cycle']],
    ['a base that is not there', 'services: {a: {extends: none, image: x}, b: {extends: {file: none.yaml, service: x}, image: x}}', ['a', 'b'], ['error compose-extends-missing', 'error compose-file-not-read']],
    ['a file that includes itself', 'include: [compose.yaml]\nservices: {a: {image: x}}', ['a'], ['error compose-include-cycle']],
    ['includes of elsewhere', 'include: ["https://example.com/x.git", "oci://example.com/x", "git@example.com:x.git", {}]\nservices: {a: {image: x}}', ['a'], ['warning compose-include-not-read']],
    ['includes out of the project', 'include: [/etc/passwd, ../../../../../../../etc/passwd]\nservices: {a: {image: x, env_file: /etc/passwd}}', ['a'], ['error compose-file-not-read', 'warning compose-env-file-not-read']],
    ['networks shared in a circle', 'services: {a: {image: x, network_mode: "service:b"}, b: {image: x, network_mode: "service:a"}}', ['a', 'b'], ['warning compose-reference-missing']],
    ['a required variable', 'services: {a: {image: "${TAG:?say\\nwhich}"}}', ['a'], ['warning compose-variable-required', 'info compose-variable-unset']],
    ['a dollar that is none', 'services: {a: {image: x, command: "echo $(date)"}}', ['a'], ['warning compose-interpolation-invalid']],
  ])('with %s', (_what, text, services, told) => {
    const read = codes({ 'compose.yaml': text });
    expect(read.services).toEqual(services);
    expect([...read.told].sort()).toEqual(Array.isArray(told) ? [...told].sort() : told);
  });

  it('with includes that go crosswise, each a bounded number of times', () => {
    const { services, told } = codes({ 'compose.yaml': 'include: [i0.yaml]', ...wideIncludes, 'i12.yaml': 'services: {last: {image: x}}' });
    expect(services).toContain('last');
    expect(told).toContain('error compose-include-cycle');
  });

  it('with includes in a circle of files', () => {
    const { services, told } = codes({ 'compose.yaml': 'include: [b.yaml]\nservices: {a: {image: x}}', 'b.yaml': 'include: [compose.yaml]\nservices: {b: {image: x}}' });
    expect(services).toEqual(['a', 'b']);
    expect(told).toEqual(['error compose-include-cycle']);
  });

  it('with the same service in two files', () => {
    const { services, told } = codes({ 'compose.yaml': 'include: [b.yaml]\nservices: {a: {image: x}}', 'b.yaml': 'services: {a: {image: y}}' });
    expect(services).toEqual(['a']);
    expect(told).toEqual(['warning compose-service-twice']);
  });
});

it('a file that is a link out of the project is not read', () => {
  withFolder({ 'in/.git/HEAD': 'x', 'out.yaml': 'services: {a: {image: x}}' }, (folder) => {
    symlinkSync(join(folder, 'out.yaml'), join(folder, 'in', 'compose.yaml'));
    const { projects, diagnostics } = readComposeFolder(join(folder, 'in'), ['compose.yaml']);
    expect(projects).toEqual([]);
    expect(diagnostics).toMatchObject([{ code: 'compose-file-not-read' }]);
  });
});

it('a folder that is a link itself is read, the user named it', () => {
  withFolder({ 'in/.git/HEAD': 'x', 'releases/1/compose.yaml': 'services: {a: {image: x, env_file: a.env}}', 'releases/1/a.env': 'A=1' }, (folder) => {
    symlinkSync(join(folder, 'releases', '1'), join(folder, 'in', 'current'));
    const { projects, diagnostics } = readComposeFolder(join(folder, 'in', 'current'), ['compose.yaml']);
    expect(projects[0]?.workloads[0]?.containers[0]?.env).toMatchObject([{ name: 'A', value: '1' }]);
    expect(diagnostics).toEqual([]);
  });
});

it('what is read of one project in all is bounded', () => {
  const services = Array.from({ length: 200 }, (_, at) => `s${at}: {image: x, env_file: big.env}`).join(', ');
  const { services: read, told } = codes({ 'compose.yaml': `services: {${services}}`, 'big.env': `A=${'x'.repeat(1_000_000)}` });
  expect(read).toHaveLength(200);
  expect(told).toEqual(['warning compose-env-file-not-read']);
});

it('a file too large is not read', () => {
  const { services, told } = codes({ 'compose.yaml': `services: {a: {image: x}}\n${`# ${'x'.repeat(1_000)}\n`.repeat(5_000)}` });
  expect([services, told]).toEqual([[], ['error compose-file-not-read']]);
});

it('many keys cost no more than their number', () => {
  const keys = Array.from({ length: 100_000 }, (_, at) => `k${at}: ${at}`).join('\n');
  expect(codes({ 'compose.yaml': `${keys}\nservices: {a: {image: x}}` }).services).toEqual(['a']);
});
