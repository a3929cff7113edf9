import { readFileSync, statSync } from 'node:fs';

/** Where the password of a Redis store comes from, where its URL does not hold it. */
export interface RedisPassword {
  readonly password?: string | undefined;
  /** A file that holds nothing else. */
  readonly passwordFile?: string | undefined;
}

const MOST_BYTES = 4_096;

/** What is wrong with how the password is given; everybody on a machine may read the command line of a process. */
export function faultOfPassword(store: string, isOnCommandLine: boolean, { password, passwordFile }: RedisPassword): string | undefined {
  const isRedis = /^rediss?:/.test(store);
  const inUrl = isRedis && new URL(store).password !== '';
  if (inUrl && isOnCommandLine) return '--store: everybody on this machine can read a password on a command line; leave it out of the URL, and give it in RINGFENCE_REDIS_PASSWORD or in a file (--redis-password-file FILE)';
  const ways = [...(inUrl ? ['the URL of the store'] : []), ...(password === undefined ? [] : ['RINGFENCE_REDIS_PASSWORD']), ...(passwordFile === undefined ? [] : ['--redis-password-file'])];
  if (ways.length > 1) return `the password of the store is given in ${ways.join(' and ')}: give it in one of them`;
  return ways.length === 1 && !isRedis ? `${ways[0] ?? ''}: the store is ${store}, which has no password` : undefined;
}

/** The URL with its password in it. What a file holds is never said, whatever is wrong with it. */
export function urlWithPassword(url: string, { password, passwordFile }: RedisPassword): string {
  const given = password ?? (passwordFile === undefined ? undefined : readPassword(passwordFile));
  if (given === undefined) return url;
  const whole = new URL(url);
  // the URL leaves a % as it is, and whoever takes it apart does not
  whole.password = encodeURIComponent(given);
  return whole.href;
}

function readPassword(file: string): string {
  const problem = `read the password of the store from ${file}`;
  let text: string;
  try {
    if (statSync(file).size > MOST_BYTES) throw new Error(`it holds more than ${String(MOST_BYTES)} bytes`);
    text = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new Error(`${problem}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  if (text === '' || /[\r\n]/.test(text)) throw new Error(`${problem}: it has to hold the password on one line and nothing else`);
  return text;
}
