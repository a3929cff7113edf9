const MOST = 120;

/**
 * A name from the input as it may stand in a sentence: printable ASCII, cut where it is long. Names
 * of variables, keys and files can hold anything, line ends and terminal escapes too.
 */
export function shownName(name: string): string {
  const plain = name.slice(0, MOST + 1).replace(/[^\x20-\x7e]/g, '?');
  return plain.length > MOST ? `${plain.slice(0, MOST)}...` : plain;
}
