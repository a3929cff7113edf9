/**
 * Who may import whom, as data. One row per library: the libraries and the packages its
 * own code may import. Specs may import anything; everybody enters a library by its index.
 *
 *   apps ──► any library, never another app
 *   adapters (sources store targets dataplane lab) ──► pure libraries
 *   pure libraries ──► the rows below, so the arrows only ever point down
 */
const table = {
  model: { libs: [], packages: ['ip-address'] },
  inventory: { libs: ['model'], packages: [] },
  graph: { libs: ['model', 'inventory'], packages: ['yaml'] },
  learning: { libs: ['model', 'inventory', 'graph'], packages: ['croner'] },
  policy: { libs: ['model', 'inventory'], packages: [] },
  review: { libs: ['model', 'inventory', 'policy'], packages: [] },
  compilers: { libs: ['model', 'inventory', 'policy'], packages: ['yaml'] },
  distribution: { libs: ['model', 'inventory', 'compilers'], packages: [] },
  'operator-api': { libs: ['model', 'policy', 'review'], packages: ['zod'] },
  sources: { libs: ['model', 'inventory'], packages: ['yaml', '@kubernetes/client-node'], node: true },
  store: { libs: ['model'], packages: ['ioredis'], node: true },
  targets: { libs: ['model', 'compilers'], packages: [], node: true },
  channel: { libs: ['model', 'distribution'], packages: ['@grpc/grpc-js', '@grpc/proto-loader'], node: true },
  certificates: { libs: ['model'], packages: ['@peculiar/x509', 'reflect-metadata'], node: true },
  dataplane: { libs: ['model', 'inventory', 'compilers', 'distribution'], packages: ['koffi', 'dns-packet'], node: true },
  lab: { libs: ['model', 'inventory', 'compilers', 'dataplane'], packages: ['koffi'], node: true },
};

const pure = Object.keys(table).filter((lib) => table[lib].node !== true);
const anyOf = (names) => `(?:${names.join('|')})`;
const notSpec = '\\.spec\\.ts$';
const entryPoint =
  '^libs/(?:[^/]+|sources/[^/]+|sources/kubernetes/watch|compilers/(?:kubernetes|nftables))/index\\.ts$';

function rowOf(lib) {
  const { libs, packages, node } = table[lib];
  const from = { path: `^libs/${lib}/`, pathNot: notSpec };
  const allowedPackages = packages.length === 0 ? {} : { pathNot: `node_modules/${anyOf(packages)}/` };
  return [
    {
      name: `${lib}-libs`,
      comment: `${lib} may import ${libs.join(', ') || 'no other library'}`,
      severity: 'error',
      from,
      to: { path: '^libs/', pathNot: `^libs/${anyOf([lib, ...libs])}/` },
    },
    {
      name: `${lib}-packages`,
      comment: `${lib} may import ${packages.join(', ') || 'no package'}`,
      severity: 'error',
      from,
      to: { path: 'node_modules/', ...allowedPackages },
    },
    ...(node === true
      ? []
      : [
          {
            name: `${lib}-pure`,
            comment: `${lib} is pure: what it needs from outside is an argument`,
            severity: 'error',
            from,
            to: { dependencyTypes: ['core'] },
          },
        ]),
  ];
}

export default {
  forbidden: [
    ...Object.keys(table).flatMap(rowOf),
    {
      name: 'no-cycles',
      severity: 'error',
      from: { path: '^(?:apps|libs)/' },
      to: { circular: true },
    },
    {
      name: 'every-lib-has-a-row',
      comment: 'add the library to the table in .dependency-cruiser.mjs',
      severity: 'error',
      from: { path: '^libs/', pathNot: `^libs/${anyOf(Object.keys(table))}/` },
      to: {},
    },
    {
      name: 'resolvable',
      comment: 'the file or package does not exist, or package.json does not name it',
      severity: 'error',
      from: { path: '^(?:apps|libs)/' },
      to: { couldNotResolve: true },
    },
    {
      name: 'packages-are-declared',
      comment: 'name the package under dependencies in package.json',
      severity: 'error',
      from: { path: '^(?:apps|libs)/', pathNot: notSpec },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['npm'] },
    },
    {
      name: 'libs-not-apps',
      severity: 'error',
      from: { path: '^libs/', pathNot: notSpec },
      to: { path: '^apps/' },
    },
    {
      name: 'apps-apart',
      severity: 'error',
      from: { path: '^apps/([^/]+)/', pathNot: notSpec },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'sources-apart',
      comment: 'one outside system knows nothing of another; files hands each file to the one it belongs to; waiting is no outside system',
      severity: 'error',
      from: { path: '^libs/sources/(?!files/)([^/]+)/', pathNot: notSpec },
      to: { path: '^libs/sources/[^/]+/', pathNot: '^libs/sources/(?:$1|waiting)/' },
    },
    {
      name: 'enter-by-index',
      comment: 'import a library as #name, which is its index.ts, and nothing behind it',
      severity: 'error',
      from: { path: '^(?:libs/([^/]+)|apps)/', pathNot: notSpec },
      to: { path: '^libs/', pathNot: ['^libs/$1/', entryPoint] },
    },
    {
      name: 'enter-by-name',
      comment: 'import another library as #name, never by a path that leaves this one',
      severity: 'error',
      from: { path: '^(?:libs/([^/]+)|apps)/', pathNot: notSpec },
      to: { path: '^libs/', pathNot: '^libs/$1/', dependencyTypesNot: ['aliased-subpath-import'] },
    },
    {
      name: 'tracer-apart',
      comment: 'the tracer is a check only while it shares no code with what writes rulesets, nor with evaluate',
      severity: 'error',
      from: { path: '^libs/compilers/nftables/trace[^/]*\\.ts$', pathNot: notSpec },
      to: { pathNot: '^libs/(?:model/index|compilers/nftables/trace[^/]*)\\.ts$' },
    },
    {
      name: 'pipeline-pure',
      comment: 'the pipeline only wires pure libraries together',
      severity: 'error',
      from: { path: '^apps/controller/src/pipeline/', pathNot: notSpec },
      to: { pathNot: `^(?:libs/${anyOf(pure)}/|apps/controller/src/pipeline/)` },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(?:dist/|(?:apps|libs)/.*/testdata/)' },
    tsConfig: { fileName: 'tsconfig.test.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['source', 'import', 'node', 'default'] },
  },
};
