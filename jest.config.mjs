// Jest needs --experimental-vm-modules for ES modules, and this project needs Node 26. Where
// either is missing (plain `npx jest`, an editor, the system's own Node) start again with both.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';

if (vm.SourceTextModule === undefined || Number(process.versions.node.split('.')[0]) < 26) {
  if (process.env.JEST_REEXEC === '1') throw new Error('jest: Node 26 with --experimental-vm-modules is not available');
  const local = fileURLToPath(new URL('./node_modules/.bin/node', import.meta.url));
  const child = spawnSync(
    existsSync(local) ? local : process.execPath,
    ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', ...process.argv.slice(1)],
    { stdio: 'inherit', env: { ...process.env, JEST_REEXEC: '1' } },
  );
  process.exit(child.status ?? 1);
}

export default {
  testEnvironment: 'node',
  // `#model` and its like resolve to TypeScript source, so no build is needed before a test
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/test'].filter((root) =>
    existsSync(new URL(root.replace('<rootDir>', '.'), import.meta.url)),
  ),
  testMatch: ['**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  maxWorkers: 2,
  // a ceiling, not a measure: on a busy machine a test of a second can take ten
  testTimeout: 30_000,
  globalSetup: '<rootDir>/test/support/prepare-system.mjs',
  reporters: ['default', '<rootDir>/test/support/closing-report.mjs'],
  coverageProvider: 'v8',
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        sourceMaps: 'inline',
        jsc: {
          target: 'es2024',
          keepClassNames: true,
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
        },
        module: { type: 'es6' },
      },
    ],
  },
};
