import { scanScript } from './command-scan.ts';
import { readDocuments, scanDocument } from './document-scan.ts';
import { type Json, isJsonObject } from '#model';
import type { Variables } from './expansion.ts';
import { scanLines } from './line-scan.ts';
import type { KeyedMention } from './mention.ts';
import type { Setting } from './setting.ts';
import { scanSettings } from './setting-scan.ts';

const MAX_FILE = 4_000_000;
// certificates, pages, pictures and prose: what looks like an address there is none the program dials
const SKIPPED = /\.(?:pem|crt|cert|cer|key|pub|jks|p12|html?|css|scss|less|svg|md|mdx|rst|adoc|sql|csv|png|ico|woff2?|map|cql|proto|graphql|lock|license|rules|tsx|jsx|vue|svelte|sum|d\.ts|diff|patch|bak|orig|swp)$|\.(?:example|sample|dist|test|spec)\.|\.(?:example|sample|dist)$|^(?:package-lock|tsconfig[^/]*|composer|angular|npm-shrinkwrap|openapi|swagger)\.(?:json|ya?ml)$|^(?:Dockerfile|Makefile|LICENSE|CHANGELOG|README|known_hosts|ssh_known_hosts|\.gitignore|\.dockerignore)|^(?:docker-)?compose[^/]*\.ya?ml$/i;
const CODE = /\.(?:py|js|cjs|mjs|ts|rb|php|go|java|kt|cs|lua|pl|rs|ex|exs|c|h|cpp|scala|groovy)$/i;
const SCRIPT = /\.(?:sh|bash|zsh|ksh|command)$/i;
const DOCUMENT = /\.(?:ya?ml|json|jsonc|json5)(?:\.(?:tmpl|tpl|template))?$/i;

/** Finds the addresses in a file, by the format its name and first lines tell. */
export function scanFile(name: string, text: string, variables: Variables, switches: readonly Setting[], depth = 0): readonly KeyedMention[] {
  if (SKIPPED.test(name) || text.length > MAX_FILE || depth > 3) return [];
  if (CODE.test(name)) return scanCode(text);
  const body = text.trim();
  if (body === '' || body.startsWith('-----BEGIN') || /^<!doctype html|^<html/i.test(body)) return [];
  if (!body.includes('\n') && !/^[[{]/.test(body)) return scanSettings([{ key: stemOfFile(name), value: body, position: 1 }], switches);
  if (body.startsWith('#!') || SCRIPT.test(name)) return body.startsWith('#!') && !/^#!.{0,60}sh\b/.test(body) ? scanLines(text) : scanScript(text, variables, switches);
  const nested = (key: string, inner: string): readonly KeyedMention[] => scanFile(key, inner, variables, switches, depth + 1);
  if (DOCUMENT.test(name) || /^[[{]/.test(body) || looksLikeYaml(body)) {
    const documents = readDocuments(text);
    if (documents?.some((document) => isJsonObject(document) || Array.isArray(document)) === true) {
      return documents.flatMap((document) => (isDashboard(document) || isRuleFile(document) ? [] : scanDocument(document, nested))).map((mention) => ({ ...mention, position: lineOf(text, mention.host) }));
    }
  }
  const mentions = looksLikeScript(body) ? scanScript(text, variables, switches) : scanLines(text);
  return isForBrowsers(text) ? mentions.map((mention) => ({ ...mention, meaning: 'browser' })) : mentions;
}

// in a program a bare word is a variable, and a URL outside may be a comment or a link
function scanCode(text: string): readonly KeyedMention[] {
  if (text.length > MAX_FILE) return [];
  const mentions = scanLines(text).filter(({ form }) => form !== 'host');
  return mentions.map((mention) => ({ ...mention, isCode: true, ...(isForBrowsers(text) ? { meaning: 'browser' as const } : {}) }));
}

function stemOfFile(name: string): string {
  return name.replace(/\.(?:txt|conf|cfg|properties|env|ya?ml)$/i, '');
}

// a YAML mapping: keys with a colon, and none of the braces, equals signs and semicolons of other formats
function looksLikeYaml(body: string): boolean {
  const lines = body.slice(0, 4000).split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#')).slice(0, 12);
  const keys = lines.filter((line) => /^(?:- )?["']?[\w./-]{1,100}["']?:(?:\s|$)/.test(line) || line === '---' || line.startsWith('- ')).length;
  return keys > 0 && keys * 2 > lines.length && !lines.some((line) => /[;{]$/.test(line));
}

function looksLikeScript(body: string): boolean {
  return /^(?:set -[a-z]|until |while |if \[|exec |echo )/m.test(body.slice(0, 4000)) && !/^\s*(?:server|location|upstream|http)\b.{0,100}\{/m.test(body.slice(0, 4000));
}

function isDashboard(document: unknown): boolean {
  return isJsonObject(document) && Array.isArray(document['panels']) && ('schemaVersion' in document || 'templating' in document);
}

// rules of alerting: their labels name what they are about, and nothing dials it
function isRuleFile(document: Json): boolean {
  const groups = isJsonObject(document) ? document['groups'] : undefined;
  if (!Array.isArray(groups)) return false;
  return (groups as readonly Json[]).some((group) => isJsonObject(group) && Array.isArray(group['rules']) && (group['rules'] as readonly Json[]).some((rule) => isJsonObject(rule) && 'expr' in rule));
}

// settings handed to a page: window.config = { api: … }
function isForBrowsers(text: string): boolean {
  return /\bwindow\.[_a-z]|\bwindow\[/i.test(text.slice(0, 4000));
}

function lineOf(text: string, host: string): number {
  const at = text.toLowerCase().indexOf(host);
  return at < 0 ? 1 : text.slice(0, at).split('\n').length;
}
