import { Composer, type Document, type ErrorCode, Lexer, Parser } from 'yaml';

import { type DocumentText, countLines } from './document-text.ts';
import { type DocumentProblem, templateHint } from './document-problem.ts';
import { READ_LIMITS } from './read-limits.ts';

// Words of our own: the parser's may quote the text, which may be a secret.
const MESSAGES: Readonly<Partial<Record<ErrorCode, string>>> = {
  BAD_ALIAS: 'an alias has no anchor before it',
  BAD_DQ_ESCAPE: 'a double-quoted text has an escape that YAML does not know',
  BAD_INDENT: 'the indentation does not fit what is around it',
  BAD_SCALAR_START: 'a text starts with a character that needs quotes around it',
  BLOCK_AS_IMPLICIT_KEY: 'a mapping starts on a line that holds a key and value already',
  BLOCK_IN_FLOW: 'a block starts inside brackets or braces',
  KEY_OVER_1024_CHARS: 'a key is longer than 1024 characters',
  MISSING_CHAR: 'a closing quote, bracket or colon is missing, or a blank after a colon',
  MULTILINE_IMPLICIT_KEY: 'a key goes over more than one line, or a line lacks its colon',
  MULTIPLE_ANCHORS: 'a value has two anchors',
  MULTIPLE_TAGS: 'a value has two tags',
  TAB_AS_INDENT: 'a tab is used as indentation',
  UNEXPECTED_TOKEN: 'there is something here that can not stand at this place',
};

/** The document as syntax, or what is wrong with it. Its scalars are all text: what they mean is not decided here. */
export function parseYaml(document: DocumentText): Document | readonly DocumentProblem[] {
  const tokens = [];
  const parser = new Parser();
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(document.text)) {
    lexemes += 1;
    if (lexemes > READ_LIMITS.lexemes) return [tooLarge(document)];
    for (const token of parser.next(lexeme)) tokens.push(token);
  }
  for (const token of parser.end()) tokens.push(token);
  const composer = new Composer({ schema: 'failsafe', resolveKnownTags: false, uniqueKeys: false, logLevel: 'silent' });
  const [parsed, another] = [...composer.compose(tokens, true, document.text.length)];
  if (parsed === undefined || another !== undefined) return [problem(document, 'UNEXPECTED_TOKEN', another?.range[0] ?? 0)];
  if (parsed.errors.length === 0) return parsed;
  return parsed.errors.slice(0, READ_LIMITS.problems).map((error) => problem(document, error.code, error.pos[0]));
}

function problem(document: DocumentText, code: ErrorCode, offset: number): DocumentProblem {
  if (code === 'RESOURCE_EXHAUSTION') return tooDeep(document, offset);
  return {
    code: 'broken-yaml',
    line: lineOf(document, offset),
    message: MESSAGES[code] ?? 'this is no YAML',
    hint: templateHint(document.text) ?? 'correct the YAML; the other documents of the file are read all the same',
  };
}

export function tooDeep(document: DocumentText, offset: number): DocumentProblem {
  return {
    code: 'too-deep',
    line: lineOf(document, offset),
    message: `more than ${READ_LIMITS.depth} mappings and lists stand inside each other`,
    hint: 'no Kubernetes object nests like this; remove the document or flatten it',
  };
}

function tooLarge(document: DocumentText): DocumentProblem {
  return {
    code: 'too-large',
    line: document.line,
    message: `the document has more than ${READ_LIMITS.lexemes} words and marks`,
    hint: 'no single object is so large; split a List into documents, or print it as JSON',
  };
}

export function lineOf(document: DocumentText, offset: number): number {
  return document.line + countLines(document.text, offset);
}
