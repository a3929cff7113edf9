/**
 * Splits a script into commands and each command into words, the way a shell would see them, as
 * far as addresses need it: quotes, continued lines, comments, `;`, `&&`, `|`, keywords.
 */
export interface ShellCommand {
  readonly words: readonly string[];
  /** Line in the script, from 1. */
  readonly line: number;
}

const KEYWORDS = new Set(['if', 'then', 'else', 'elif', 'fi', 'do', 'done', 'while', 'until', '!', '{', '}', 'exec', 'time', 'command', 'nohup', 'sudo', 'eval', 'case', 'esac', 'in', '((', 'RUN', 'timeout']);

/** Reads at most `limit` characters; what is behind them is data, not a script. */
export function splitScript(text: string, limit = 200_000): readonly ShellCommand[] {
  const commands: ShellCommand[] = [];
  let words: string[] = [];
  let word = '';
  let hasWord = false;
  let quote = '';
  let line = 1;
  let startLine = 1;

  function endWord(): void {
    if (hasWord && !(words.length === 0 && KEYWORDS.has(word))) {
      if (words.length === 0) startLine = line;
      words.push(word);
    }
    word = '';
    hasWord = false;
  }
  function endCommand(): void {
    endWord();
    if (words.length > 0) commands.push({ words, line: startLine });
    words = [];
  }

  const length = Math.min(text.length, limit);
  for (let at = 0; at < length; at += 1) {
    const character = text.charAt(at);
    if (character === '\n') line += 1;
    if (quote !== '') {
      if (character === quote) quote = '';
      else if (character === '\\' && quote === '"' && /["\\$`]/.test(text.charAt(at + 1))) word += text.charAt((at += 1));
      else word += character;
      continue;
    }
    switch (character) {
      case '"':
      case "'":
        quote = character;
        hasWord = true;
        break;
      case '\\':
        if (text.charAt(at + 1) === '\n') line += 1;
        else word += text.charAt(at + 1);
        at += 1;
        break;
      case '#':
        if (hasWord) {
          word += character;
        } else {
          while (at + 1 < length && text.charAt(at + 1) !== '\n') at += 1;
        }
        break;
      case ' ':
      case '\t':
      case '\r':
        endWord();
        break;
      case '\n':
      case ';':
      case '|':
      case '&':
      case '`':
        endCommand();
        break;
      case '(':
      case ')':
        // $(command) and (subshell) begin a command; name(args) is left whole
        if (character === '(' && hasWord && !word.endsWith('$')) word += character;
        else if (character === ')' && word.includes('(')) word += character;
        else endCommand();
        break;
      default:
        word += character;
        hasWord = true;
    }
  }
  endCommand();
  return commands;
}
