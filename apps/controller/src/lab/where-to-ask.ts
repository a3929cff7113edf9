const ASKED_UNTOLD = 'http://127.0.0.1:8470';

/** What has to be typed before the commands that are suggested reach this controller; nothing where they ask it untold. */
export function whereToAsk(urls: readonly string[]): readonly string[] {
  const [url] = urls;
  return url === undefined || urls.includes(ASKED_UNTOLD) ? [] : [`In the other terminal, first:  export RINGFENCE_SERVER=${url}`];
}
