import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { nodeOfNames } from '#certificates';

/** Where an enforcer finds what it proves itself with, PEM. */
export interface CredentialFiles {
  readonly certificate: string;
  readonly key: string;
  /** Whom it trusts to say who the controller is. */
  readonly authority: string;
}

export interface NodeCredentials {
  /** Which node this is, as its certificate says. */
  readonly node: string;
  readonly certificate: Buffer;
  readonly key: Buffer;
  readonly authority: Buffer;
  readonly notAfter: number;
}

/** Reads them anew, so that a certificate that was replaced is taken up without a restart. */
export function readCredentials(files: CredentialFiles): NodeCredentials {
  const certificate = read('certificate', files.certificate);
  let parsed: X509Certificate;
  try {
    parsed = new X509Certificate(certificate);
  } catch (error) {
    throw new Error(`read certificate ${files.certificate}: it is none`, { cause: error });
  }
  const node = nodeOfNames(parsed.subjectAltName);
  if (node === undefined) throw new Error(`read certificate ${files.certificate}: it is not that of a node; \`ringfence node cert NAME\` issues one`);
  return { node, certificate, key: read('key', files.key), authority: read('authority', files.authority), notAfter: Date.parse(parsed.validTo) };
}

function read(what: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Error(`read ${what} ${path}: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`, { cause: error });
  }
}
