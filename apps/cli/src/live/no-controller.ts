import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { packageFolder } from '../package-folder.ts';

const START_OR_NAME = 'start one with npm start, or name another with --server or RINGFENCE_SERVER';
const NAME_ANOTHER = 'name the controller with --server or RINGFENCE_SERVER';

/** No answer anybody can use came back: what came instead, where, and what to do. */
export class NoController extends Error {
  readonly hint: string;

  constructor(message: string, hint: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'NoController';
    this.hint = hint;
  }
}

/** Nobody answered, or not in HTTP. */
export function unreachable(server: string, error: NodeJS.ErrnoException): NoController {
  const code = error.code ?? '';
  const nobody = (why: string, hint = START_OR_NAME): NoController => new NoController(`no controller answers at ${server}: ${why}`, hint, error);
  if (code === 'ECONNREFUSED') return nobody('nothing listens there');
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return nobody('it takes connections, and says nothing', 'it may hang, or be something else: ask again, or look at its log');
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return nobody('nobody knows a host of that name', NAME_ANOTHER);
  if (code === 'ETIMEDOUT' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH') return nobody('no way leads there', NAME_ANOTHER);
  const other = (why: string, hint: string): NoController => new NoController(`what listens at ${server} is no Ringfence controller: ${why}`, hint, error);
  if (code.startsWith('HPE_')) return other('it does not speak HTTP', NAME_ANOTHER);
  if (code === 'EPROTO' || code.startsWith('ERR_SSL')) return other('it does not speak TLS', 'a controller speaks plain HTTP on loopback: say http://');
  if (/^(?:DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|CERT_|ERR_TLS)/.test(code)) return other(`its certificate is not trusted (${code})`, 'a controller speaks plain HTTP on loopback: say http://');
  if (code === 'ECONNRESET' || code === 'EPIPE') return other('it closes the connection without an answer', 'enforcers connect to one port, people to another: 8470 unless --port says so');
  return nobody(error.message);
}

/** Somebody answered in HTTP, and not as a controller does. `release` is what it says of itself, where it is one. */
export function misunderstood(server: string, answer: { readonly status: number; readonly location?: string | undefined }, release: string | undefined, what: string, cause?: unknown): NoController {
  const { status, location } = answer;
  if (release !== undefined) return otherRelease(server, release, what, cause);
  if (status === 401 || status === 403 || status === 407) return new NoController(`something before the controller at ${server} asks who you are (status ${String(status)})`, 'a controller asks for no credentials, so this is a proxy: reach the controller itself, on loopback', cause);
  if (status >= 300 && status < 400) return new NoController(`what answers at ${server} sends elsewhere (status ${String(status)}${location === undefined ? '' : `, to ${location}`})`, NAME_ANOTHER, cause);
  if (status === 502 || status === 503 || status === 504) return new NoController(`something answers at ${server} for a controller it does not reach (status ${String(status)})`, 'look whether the controller runs behind it', cause);
  return new NoController(`what answers at ${server} is no Ringfence controller (status ${String(status)})`, NAME_ANOTHER, cause);
}

/** A controller answers that does not know what is asked, or answers otherwise than this release expects. */
export function otherRelease(server: string, release: string, what: string, cause?: unknown): NoController {
  const own = ownRelease();
  const whose = release === own ? `another build of release ${own} than this one` : `release ${release}, and this is ${own}`;
  return new NoController(`the controller at ${server} is ${whose}: ${what}`, 'use the ringfence that came with the controller, or bring the older of both up to date', cause);
}

function ownRelease(): string {
  const { version } = JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8')) as { readonly version: string };
  return version;
}
