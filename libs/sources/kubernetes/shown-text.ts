const LONGEST = 80;

/** A piece of user data as a message may show it: on one line, without control characters, at most 80 characters. */
export function shown(text: string): string {
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return short.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '\uFFFD');
}
