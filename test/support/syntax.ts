import { parseSync, type Module } from '@swc/core';

// some parts of the tree, such as the function inside a class method, have no `type`
type SyntaxNode = Readonly<Record<string, unknown>>;

export function parse(code: string): Module {
  return parseSync(code, { syntax: 'typescript', decorators: true, target: 'es2024' });
}

/** Lists what makes code depend on when or how it runs: the clock, chance, and anything asynchronous. */
export function findImpurities(module: Module): readonly string[] {
  return [...nodesOf(module)].map(impurityOf).filter((found) => found !== undefined);
}

/** Lists exports that do not say their name, and TypeScript that is more than types. */
export function findUnwantedSyntax(module: Module): readonly string[] {
  return [...nodesOf(module)].map((node) => unwantedSyntax.get(node['type'])).filter((found) => found !== undefined);
}

const unwantedSyntax: ReadonlyMap<unknown, string> = new Map([
  ['ExportAllDeclaration', 'export *'],
  ['ExportNamespaceSpecifier', 'export * as'],
  ['ExportDefaultDeclaration', 'export default'],
  ['ExportDefaultExpression', 'export default'],
  ['TsEnumDeclaration', 'enum'],
  ['TsModuleDeclaration', 'namespace'],
]);

function impurityOf(node: SyntaxNode): string | undefined {
  if (node['async'] === true) return 'async';
  switch (node['type']) {
    case 'AwaitExpression':
      return 'await';
    case 'ForOfStatement':
      return node['await'] === true ? 'for await' : undefined;
    case 'NewExpression':
      return nameOf(node['callee']) === 'Date' ? 'new Date' : undefined;
    case 'MemberExpression':
      return impureMembers.get(`${nameOf(node['object']) ?? ''}.${nameOf(node['property']) ?? ''}`);
    case 'Identifier':
      return node['value'] === 'Promise' ? 'Promise' : undefined;
    default:
      return undefined;
  }
}

const impureMembers = new Map([
  ['Date.now', 'Date.now'],
  ['Math.random', 'Math.random'],
]);

function* nodesOf(value: unknown): Generator<SyntaxNode> {
  if (!isNode(value)) return;
  if (!Array.isArray(value)) yield value;
  for (const child of Object.values(value)) yield* nodesOf(child);
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null;
}

function nameOf(node: unknown): string | undefined {
  if (!isNode(node) || node['type'] !== 'Identifier') return undefined;
  return typeof node['value'] === 'string' ? node['value'] : undefined;
}
