const WORD = /\s*("[^"\\]*"|@(?:ih|nh|th|ll),[0-9]+,[0-9]+|@[A-Za-z_][A-Za-z0-9_]*|[{}(),|&]|[^\s{}(),|&"]+)/y;

/** Takes the text of a rule apart; undefined where it holds something no rule of ours does. */
export function splitRule(text: string): readonly string[] | undefined {
  const words: string[] = [];
  const trimmed = text.trimEnd();
  WORD.lastIndex = 0;
  while (WORD.lastIndex < trimmed.length) {
    const match = WORD.exec(trimmed);
    if (match?.[1] === undefined) return undefined;
    words.push(match[1]);
  }
  return words;
}
