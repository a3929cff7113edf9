/** What a reference expands to; `isSecret` follows the text wherever it goes. */
export interface Variable {
  readonly value: string;
  readonly isSecret: boolean;
}
/** Looks variables up; a map, or one with more behind it. */
export interface Variables {
  get(name: string): Variable | undefined;
}

export interface Expansion {
  readonly text: string;
  readonly isSecret: boolean;
  /** The variables that were put in. */
  readonly used: readonly string[];
}

const MAX_EXPANDED = 2_000_000;

class Substitution {
  #isSecret = false;
  readonly #used = new Set<string>();
  readonly #variables: Variables;
  #room = MAX_EXPANDED;

  constructor(variables: Variables) {
    this.#variables = variables;
  }

  valueOf(name: string): string | undefined {
    const found = this.#variables.get(name);
    if (found === undefined || found.value.length > this.#room) return undefined;
    this.#room -= found.value.length;
    this.#isSecret ||= found.isSecret;
    this.#used.add(name);
    return found.value;
  }

  result(text: string): Expansion {
    return { text, isSecret: this.#isSecret, used: [...this.#used] };
  }
}

const KUBERNETES = /\$\$|\$\(([A-Za-z_.-][\w.-]{0,200})\)/g;

/**
 * Expands `$(NAME)` the way the kubelet does: `$$` is a dollar, an unknown name stays as it is.
 */
export function expandKubernetes(text: string, variables: Variables): Expansion {
  const substitution = new Substitution(variables);
  if (!text.includes('$')) return substitution.result(text);
  const expanded = text.replace(KUBERNETES, (whole: string, name: string | undefined) =>
    name === undefined ? '$' : (substitution.valueOf(name) ?? whole),
  );
  return substitution.result(expanded);
}

// ${NAME} ${NAME:-word} ${NAME-word} ${NAME:default} ${env:NAME} ${ENV:NAME} ${env.NAME} ${NAME:?error}; innermost first
const BRACED = /\$\{(?:(?:env|ENV)[:.])?([A-Za-z_][\w.]{0,200})(?:(:[-?+=]|[-?+=:])([^${}]{0,500}))?\}/g;
const TEMPLATES = [
  /\{\{-?\s{0,4}(?:env|getenv)\s{1,4}["'`]([A-Za-z_]\w{0,200})["'`][^{}]{0,100}\}\}/g,
  /\{\{-?\s{0,4}\.Env\.([A-Za-z_]\w{0,200})[^{}]{0,100}\}\}/g,
  /\{\$([A-Za-z_]\w{0,200})(?::([^{}]{0,200}))?\}/g,
  /%\(ENV_([A-Za-z_]\w{0,200})\)s/g,
  /%env\((?:\w{1,20}:){0,3}([A-Za-z_]\w{0,200})\)%/g,
];
const PLAIN = /\$([A-Za-z_]\w{0,200})/g;
// arithmetic on a counter, as `web-$((N - 1)).web`
const ARITHMETIC = /\$\(\([^()]{1,80}\)\)/g;
// a loop counter stands for some ordinal; zero is one
const COUNTER = /^(?:i|n|x|idx|index|ordinal|num)$/i;

/** Puts some ordinal for arithmetic in a name: which one does not matter, they lead to the same pods. */
export function withoutArithmetic(text: string): string {
  return text.includes('$((') ? text.replace(ARITHMETIC, '0') : text;
}

/**
 * Expands references to the environment inside files and scripts: shell, Spring, Go and Jinja
 * templates, Caddy, supervisord. An unknown name takes its written default, else stays as it is.
 */
export function expandTemplate(text: string, variables: Variables): Expansion {
  const substitution = new Substitution(variables);
  if (!/[$%]|\{\{/.test(text)) return substitution.result(text);
  let expanded = withoutArithmetic(text);
  for (let pass = 0; pass < 3 && expanded.includes('${'); pass += 1) {
    expanded = expanded.replace(BRACED, (whole: string, name: string, operator: string | undefined, word: string | undefined) => {
      if (operator === ':+' || operator === '+') return whole;
      return substitution.valueOf(name) ?? (operator === undefined || operator.includes('?') ? (COUNTER.test(name) ? '0' : whole) : (word ?? ''));
    });
  }
  for (const template of TEMPLATES) {
    expanded = expanded.replace(template, (whole: string, name: string, word: unknown) => substitution.valueOf(name) ?? (typeof word === 'string' ? word : whole));
  }
  expanded = expanded.replace(PLAIN, (whole: string, name: string) => substitution.valueOf(name) ?? (COUNTER.test(name) ? '0' : whole));
  return substitution.result(expanded);
}
