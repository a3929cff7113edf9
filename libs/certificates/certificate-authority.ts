import { createPrivateKey, hkdfSync, randomBytes, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

import type { CertificateSubject, KeyedCertificate } from './certificate-writer.ts';
import { isNodeName } from './node-identity.ts';
import { appendPrivately, syncFolder, writePrivately } from './private-file.ts';
import { REVOKED_FILE } from './revocations.ts';

const AUTHORITY_DAYS = 3_650;
const LONGEST_NODE_DAYS = 825;
const ISSUED_FILE = 'issued.jsonl';

/** What was issued to whom, so that it can be revoked by name. */
interface IssuedLine {
  readonly serial: string;
  readonly node: string;
  readonly at: number;
  readonly notAfter: number;
}

/**
 * The certificate authority of one installation, in a folder only its owner can read.
 *
 * ```
 *   FOLDER/authority/certificate.pem   what nodes and controllers trust
 *   FOLDER/authority/key.pem           0600; whoever has it can be any node
 *   FOLDER/issued.jsonl                serial number, node and end of every node's certificate
 *   FOLDER/revoked.jsonl               those that are no longer good
 * ```
 *
 * Keys of nodes are handed out and not kept.
 */
export class CertificateAuthority {
  /** PEM. */
  readonly certificate: string;
  readonly #folder: string;
  readonly #key: string;

  constructor(folder: string, certificate: string, key: string) {
    this.#folder = folder;
    this.certificate = certificate;
    this.#key = key;
  }

  async issueNode(name: string, days: number, now: number): Promise<KeyedCertificate> {
    if (!isNodeName(name)) throw new Error(`issue a certificate for node ${JSON.stringify(name.slice(0, 80))}: a name has letters, digits, ".", "_" and "-", at most 253`);
    if (!(days > 0 && days <= LONGEST_NODE_DAYS)) throw new Error(`issue a certificate for node ${name}: it lasts 1 to ${String(LONGEST_NODE_DAYS)} days`);
    const issued = await this.#issue({ kind: 'node', name }, days, now);
    // before anybody has it: what is not written down could not be revoked
    const line: IssuedLine = { serial: issued.serial, node: name, at: now, notAfter: issued.notAfter };
    appendPrivately(join(this.#folder, ISSUED_FILE), [JSON.stringify(line)]);
    return issued;
  }

  issueController(days: number, now: number): Promise<KeyedCertificate> {
    return this.#issue({ kind: 'controller' }, days, now);
  }

  /** Makes every certificate of a node that has not run out worthless; says how many there were. */
  revokeNode(name: string, now: number): number {
    const current = this.#issued().filter(({ node, notAfter }) => node === name && notAfter > now);
    if (current.length > 0) appendPrivately(join(this.#folder, REVOKED_FILE), current.map(({ serial, notAfter }) => JSON.stringify({ serial, node: name, at: now, notAfter })));
    return current.length;
  }

  /** A key of 32 bytes for something else, that only who has the authority's key can have: every replica has the same. */
  deriveKey(purpose: string): Uint8Array {
    const secret = createPrivateKey(this.#key).export({ format: 'der', type: 'pkcs8' });
    return new Uint8Array(hkdfSync('sha256', secret, '', `ringfence ${purpose}`, 32));
  }

  async #issue(subject: CertificateSubject, days: number, now: number): Promise<KeyedCertificate> {
    const { issueCertificate } = await import('./certificate-writer.ts');
    return issueCertificate({ certificate: this.certificate, key: this.#key }, subject, days, now);
  }

  #issued(): readonly IssuedLine[] {
    const path = join(this.#folder, ISSUED_FILE);
    if (statSync(path, { throwIfNoEntry: false }) === undefined) return [];
    return readFileSync(path, 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as IssuedLine);
  }
}

/** Opens the authority of a folder, and makes one first where there is none. Whoever does so at the same time gets the same one. */
export async function openAuthority(folder: string, now: number): Promise<CertificateAuthority> {
  const path = join(folder, 'authority');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (statSync(path, { throwIfNoEntry: false }) === undefined) await createAuthority(folder, path, now);
  return readAuthority(folder, path, now);
}

/** The authority of a folder, or undefined where there is none. */
export function existingAuthority(folder: string, now: number): CertificateAuthority | undefined {
  const path = join(folder, 'authority');
  return statSync(path, { throwIfNoEntry: false }) === undefined ? undefined : readAuthority(folder, path, now);
}

function readAuthority(folder: string, path: string, now: number): CertificateAuthority {
  const keyPath = join(path, 'key.pem');
  try {
    if ((statSync(keyPath).mode & 0o077) !== 0) throw new Error('others can read its key: chmod 600 key.pem');
    const certificate = readFileSync(join(path, 'certificate.pem'), 'utf8');
    if (new Date(new X509Certificate(certificate).validTo).getTime() <= now) throw new Error('its certificate has run out');
    return new CertificateAuthority(folder, certificate, readFileSync(keyPath, 'utf8'));
  } catch (error) {
    throw new Error(`open certificate authority ${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

// certificate and key come into place together
async function createAuthority(folder: string, path: string, now: number): Promise<void> {
  const { makeAuthority } = await import('./certificate-writer.ts');
  const { certificate, key } = await makeAuthority(AUTHORITY_DAYS, now);
  const beside = `${path}.${randomBytes(8).toString('hex')}`;
  mkdirSync(beside, { mode: 0o700 });
  try {
    writePrivately(join(beside, 'certificate.pem'), certificate);
    writePrivately(join(beside, 'key.pem'), key);
    renameSync(beside, path);
    syncFolder(folder);
  } catch (error) {
    rmSync(beside, { recursive: true, force: true });
    // somebody else was first, and theirs it is
    if (statSync(path, { throwIfNoEntry: false }) === undefined) throw new Error(`make certificate authority ${path}`, { cause: error });
  }
}
