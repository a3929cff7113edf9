import 'reflect-metadata';

import { randomBytes, webcrypto } from 'node:crypto';

import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

import { CONTROLLER_NAME, nodeUri, plainSerial } from './node-identity.ts';

// Everything that needs the certificate library is in this file, which is loaded when a certificate is made.

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;
/** For nodes whose clocks are behind. */
const CLOCK_SKEW_MS = 10 * 60_000;

/** A certificate with its key, as PEM. The key is never logged. */
export interface KeyedCertificate {
  readonly certificate: string;
  readonly key: string;
  /** Lower-case hexadecimal without leading zeros. */
  readonly serial: string;
  /** Milliseconds since 1970. */
  readonly notAfter: number;
}

export type CertificateSubject = { readonly kind: 'node'; readonly name: string } | { readonly kind: 'controller' };

export async function makeAuthority(days: number, now: number): Promise<KeyedCertificate> {
  cryptoProvider.set(webcrypto);
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const serialNumber = randomSerial();
  const notAfter = now + days * DAY_MS;
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber,
    name: [{ CN: [`Ringfence authority ${serialNumber.slice(0, 8)}`] }],
    notBefore: new Date(now - CLOCK_SKEW_MS),
    notAfter: new Date(notAfter),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pem(certificate), key: await privateKeyText(keys.privateKey), serial: plainSerial(serialNumber), notAfter };
}

/** Issues a certificate that ends no later than its authority. */
export async function issueCertificate(authority: { readonly certificate: string; readonly key: string }, subject: CertificateSubject, days: number, now: number): Promise<KeyedCertificate> {
  cryptoProvider.set(webcrypto);
  const issuer = new X509Certificate(authority.certificate);
  const signingKey = await webcrypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(authority.key), ALGORITHM, false, ['sign']);
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const serialNumber = randomSerial();
  const notAfter = Math.min(now + days * DAY_MS, issuer.notAfter.getTime());
  const isNode = subject.kind === 'node';
  const certificate = await X509CertificateGenerator.create({
    serialNumber,
    subject: [{ CN: [isNode ? subject.name.slice(0, 64) : CONTROLLER_NAME] }],
    issuer: issuer.subjectName,
    notBefore: new Date(now - CLOCK_SKEW_MS),
    notAfter: new Date(notAfter),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      // a node can not pass for the controller, nor the controller for a node
      new ExtendedKeyUsageExtension([isNode ? ExtendedKeyUsage.clientAuth : ExtendedKeyUsage.serverAuth], true),
      new SubjectAlternativeNameExtension([isNode ? { type: 'url', value: nodeUri(subject.name) } : { type: 'dns', value: CONTROLLER_NAME }]),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pem(certificate), key: await privateKeyText(keys.privateKey), serial: plainSerial(serialNumber), notAfter };
}

function pem(certificate: X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

async function privateKeyText(key: webcrypto.CryptoKey): Promise<string> {
  return `${PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}

// 127 random bits: positive, and never the same again
function randomSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}
