/** What became of a text with `$VAR` in it. */
export interface Interpolated {
  readonly text: string;
  /** Variables with neither value nor default; each reads as the empty string, as in Compose. */
  readonly unset: readonly string[];
  /** `${VAR:?message}` without a value: Compose would refuse to start. */
  readonly required: readonly { readonly name: string; readonly message: string }[];
  /** Places Compose would call an invalid format; left as written. */
  readonly invalid: readonly string[];
}

export type Variables = ReadonlyMap<string, string>;

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const OPERATOR = /:?[-+?]/y;
const DEEPEST = 16;

/**
 * Replaces variables in a text by the rules of the Compose Specification (interpolation).
 *
 * Knows `$VAR`, `${VAR}`, `:-`, `-`, `:?`, `?`, `:+`, `+`, nested defaults and `$$` for a dollar.
 * Looks only at the variables it is given: the same file reads alike whoever runs it.
 */
export function interpolate(template: string, variables: Variables): Interpolated {
  const unset: string[] = [];
  const required: { readonly name: string; readonly message: string }[] = [];
  const invalid: string[] = [];
  return { text: expand(template, 0), unset, required, invalid };

  function expand(text: string, depth: number): string {
    let result = '';
    let from = 0;
    for (;;) {
      const dollar = text.indexOf('$', from);
      if (dollar < 0) return result + text.slice(from);
      result += text.slice(from, dollar);
      const next = text[dollar + 1];
      if (next === '$') {
        result += '$';
        from = dollar + 2;
        continue;
      }
      const end = next === '{' ? closingBrace(text, dollar + 2) : endOfName(text, dollar + 1);
      const value = end === undefined || depth >= DEEPEST ? undefined : next === '{' ? braced(text.slice(dollar + 2, end), depth) : named(text.slice(dollar + 1, end));
      if (end === undefined || value === undefined) {
        invalid.push(text.slice(dollar, dollar + 40));
        result += '$';
        from = dollar + 1;
        continue;
      }
      result += value;
      from = next === '{' ? end + 1 : end;
    }
  }

  function named(name: string): string {
    const value = variables.get(name);
    if (value === undefined) unset.push(name);
    return value ?? '';
  }

  function braced(inside: string, depth: number): string | undefined {
    const nameEnd = endOfName(inside, 0);
    if (nameEnd === undefined) return undefined;
    const name = inside.slice(0, nameEnd);
    if (nameEnd === inside.length) return named(name);
    OPERATOR.lastIndex = nameEnd;
    const operator = OPERATOR.exec(inside)?.[0];
    if (operator === undefined) return undefined;
    const word = inside.slice(nameEnd + operator.length);
    const value = variables.get(name);
    const isGiven = value !== undefined && (value !== '' || !operator.startsWith(':'));
    if (operator.endsWith('+')) return isGiven ? expand(word, depth + 1) : '';
    if (isGiven) return value;
    if (operator.endsWith('-')) return expand(word, depth + 1);
    required.push({ name, message: expand(word, depth + 1) });
    unset.push(name);
    return '';
  }
}

function endOfName(text: string, from: number): number | undefined {
  NAME.lastIndex = from;
  return NAME.test(text) ? NAME.lastIndex : undefined;
}

// Only `${` opens a level: a default may hold braces of its own, as JSON does.
function closingBrace(text: string, from: number): number | undefined {
  let open = 1;
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '}') {
      open -= 1;
      if (open === 0) return at;
    } else if (text[at] === '$' && text[at + 1] === '{') open += 1;
  }
  return undefined;
}
