const LONGEST = 80;

/** A piece of user data as a message may show it: on one line, without control characters, not too long. */
export function shown(text: string, longest = LONGEST): string {
  const short = text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return short.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '\uFFFD');
}
