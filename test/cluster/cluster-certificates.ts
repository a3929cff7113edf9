import 'reflect-metadata';

import { generateKeyPairSync, webcrypto } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import * as x509 from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;

interface Identity {
  readonly certificate: string;
  readonly key: string;
}

/** The certificates of a control plane of the tests: one authority, whatever it is asked to sign. */
export class ClusterAuthority {
  readonly certificate: string;
  readonly #issuer: x509.X509Certificate;
  readonly #key: CryptoKey;

  private constructor(issuer: x509.X509Certificate, key: CryptoKey) {
    this.#issuer = issuer;
    this.#key = key;
    this.certificate = issuer.toString('pem');
  }

  static async make(): Promise<ClusterAuthority> {
    const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
    const issuer = await x509.X509CertificateGenerator.createSelfSigned(
      {
        name: 'CN=cluster of the tests',
        ...validity(),
        keys,
        signingAlgorithm: ALGORITHM,
        extensions: [new x509.BasicConstraintsExtension(true, undefined, true), new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature, true)],
      },
      webcrypto,
    );
    return new ClusterAuthority(issuer, keys.privateKey);
  }

  /** For the server itself, on loopback. */
  async server(): Promise<Identity> {
    const names: x509.JsonGeneralNames = [
      { type: 'dns', value: 'localhost' },
      { type: 'dns', value: 'kubernetes.default.svc' },
      { type: 'ip', value: '127.0.0.1' },
      { type: 'ip', value: '::1' },
    ];
    return this.#sign('CN=kube-apiserver', x509.ExtendedKeyUsage.serverAuth, [new x509.SubjectAlternativeNameExtension(names)]);
  }

  /** For somebody who is known to the server by this name and in these groups. */
  async client(name: string, groups: readonly string[] = []): Promise<Identity> {
    const subject = new x509.Name([{ CN: [name] }, ...groups.map((group) => ({ O: [group] }))]);
    return this.#sign(subject.toString(), x509.ExtendedKeyUsage.clientAuth, []);
  }

  async #sign(subject: string, usage: x509.ExtendedKeyUsage, extensions: readonly x509.Extension[]): Promise<Identity> {
    const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
    const certificate = await x509.X509CertificateGenerator.create(
      {
        subject,
        issuer: this.#issuer.subject,
        ...validity(),
        signingKey: this.#key,
        publicKey: keys.publicKey,
        signingAlgorithm: ALGORITHM,
        extensions: [new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true), new x509.ExtendedKeyUsageExtension([usage]), ...extensions],
      },
      webcrypto,
    );
    return { certificate: certificate.toString('pem'), key: x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY') };
  }
}

/** Writes what the server and its controllers are started with: the authority, the server's own, the key that signs tokens. */
export async function writeServerFiles(folder: string, authority: ClusterAuthority): Promise<void> {
  const server = await authority.server();
  const tokens = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs1', format: 'pem' } });
  const files = { 'ca.crt': authority.certificate, 'server.crt': server.certificate, 'server.key': server.key, 'tokens.pub': tokens.publicKey, 'tokens.key': tokens.privateKey };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 });
}

/** A kubeconfig with everything in it, as text. JSON is YAML too. */
export function kubeconfigText(server: string, authority: ClusterAuthority, user: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'tests', cluster: { server, 'certificate-authority-data': base64(authority.certificate) } }],
    users: [{ name: 'tests', user }],
    contexts: [{ name: 'tests', context: { cluster: 'tests', user: 'tests' } }],
    'current-context': 'tests',
  });
}

/** The `user` of a kubeconfig that shows this certificate. */
export function certificateUser({ certificate, key }: Identity): Readonly<Record<string, string>> {
  return { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) };
}

function validity(): { readonly notBefore: Date; readonly notAfter: Date } {
  return { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + DAY_MS) };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
