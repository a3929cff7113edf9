const WORDS: ReadonlyMap<string, boolean | null> = new Map([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word): [string, boolean] => [word, true]),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word): [string, boolean] => [word, false]),
  ...['', '~', 'null', 'Null', 'NULL'].map((word): [string, null] => [word, null]),
]);
const LONGEST_WORD = 5;

const MAY_BE_NUMBER = /^[-+]?\.?[0-9]/;
const INTEGER = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;

/**
 * What an unquoted YAML scalar means to Kubernetes: YAML 1.1 as the `yaml.v2` fork behind
 * `sigs.k8s.io/yaml` resolves it.
 *
 * `yes`, `on` and `y` are booleans; `010` and `0o10` are 8, `0x1F` is 31, `0b11` is 3, `1_000` is
 * 1000; a timestamp and a base-60 number (`12:30`) stay text. `.inf` and `.nan` stay text too,
 * for JSON has no such numbers.
 */
export function plainScalar(text: string): string | number | boolean | null {
  if (text.length <= LONGEST_WORD) {
    const word = WORDS.get(text);
    if (word !== undefined) return word;
  }
  if (!MAY_BE_NUMBER.test(text)) return text;
  return numberOf(text) ?? text;
}

function numberOf(text: string): number | undefined {
  const plain = text.includes('_') ? text.replaceAll('_', '') : text;
  const integer = INTEGER.exec(plain);
  if (integer !== null) {
    const [, sign, hexadecimal, binary, octal, decimal] = integer;
    const size =
      hexadecimal !== undefined
        ? parseInt(hexadecimal, 16)
        : binary !== undefined
          ? parseInt(binary, 2)
          : octal !== undefined
            ? parseInt(octal, 8)
            : Number(decimal);
    return sign === '-' && size !== 0 ? -size : size;
  }
  if (!FLOAT.test(plain)) return undefined;
  const value = Number(plain);
  return Number.isFinite(value) ? value : undefined;
}
