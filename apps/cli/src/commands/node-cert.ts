import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { existingAuthority, isNodeName, writePrivately } from '#certificates';
import { makeFolder } from '#targets';

import { ExitCode } from '../exit-code.ts';
import { cleanText } from '../output/clean-text.ts';
import { printJson } from '../output/json.ts';
import type { Terminal } from '../terminal.ts';

export interface NodeCertOptions {
  /** State folder of the controller, which the certificate authority is in. */
  readonly state?: string;
  readonly out: string;
  readonly days: string;
  readonly revoke: boolean;
  readonly output: 'table' | 'json';
}

/**
 * `ringfence node cert`: a certificate for one node's enforcer, from the controller's own authority;
 * with `--revoke` all that were issued for it are no longer good, at once.
 */
export async function runNodeCert(name: string | undefined, options: NodeCertOptions, terminal: Terminal): Promise<ExitCode> {
  if (name === undefined || !isNodeName(name)) return refuse('give the name of a node: letters, digits, ".", "_" and "-", at most 253', terminal);
  if (name.toLowerCase() === 'ca' && !options.revoke) return refuse('a node called ca would write its certificate over that of the authority, ca.crt; call it otherwise', terminal);
  const state = options.state ?? usualState();
  if (typeof state !== 'string') return refuse(state.why, terminal);
  try {
    const now = Date.now();
    const authority = existingAuthority(state, now);
    // one made here is trusted by no controller, and revoking in it would revoke nothing
    if (authority === undefined) return refuse(`there is no certificate authority in ${state}: start the controller with this state folder first, which makes one, or name the folder of the one that runs with --state`, terminal);
    if (options.revoke) {
      const revoked = authority.revokeNode(name, now);
      if (options.output === 'json') printJson({ node: name, revoked }, terminal);
      else terminal.out(`${String(revoked)} certificates of node ${name} are no longer good\n`);
      return revoked === 0 ? ExitCode.findings : ExitCode.fine;
    }
    const issued = await authority.issueNode(name, Number(options.days), now);
    const files = { certificate: join(options.out, `${name}.crt`), key: join(options.out, `${name}.key`), authority: join(options.out, 'ca.crt') };
    makeFolder(options.out, 0o700);
    writePrivately(files.key, issued.key);
    writePrivately(files.certificate, issued.certificate);
    writePrivately(files.authority, authority.certificate);
    if (options.output === 'json') printJson({ node: name, serial: issued.serial, notAfter: issued.notAfter, files }, terminal);
    else {
      terminal.out(`${cleanText(files.certificate)}\n${cleanText(files.key)}\n${cleanText(files.authority)}\n`);
      terminal.err(`good until ${new Date(issued.notAfter).toISOString().slice(0, 10)}; on the node: ringfence-enforcer --controller HOST:PORT --cert ${name}.crt --key ${name}.key --ca ca.crt\n`);
    }
    return ExitCode.fine;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error), terminal);
  }
}

/** The state folder of the one controller that ran here as this user. */
function usualState(): string | { readonly why: string } {
  const folder = join(homedir(), '.local/state/ringfence');
  const found = existsSync(folder) ? readdirSync(folder).filter((name) => existsSync(join(folder, name, 'authority'))) : [];
  const [only] = found;
  if (only !== undefined && found.length === 1) return join(folder, only);
  if (only === undefined) return { why: `no controller has run here yet (there is no authority under ${folder}); name its state folder with --state` };
  return { why: `several controllers have run here (${found.sort().join(', ')} under ${folder}); name the state folder of one with --state` };
}

function refuse(text: string, terminal: Terminal): ExitCode {
  terminal.err(`ringfence node cert: ${cleanText(text)}\n`);
  return ExitCode.badInput;
}
