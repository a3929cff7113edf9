import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { appendFileSync, chmodSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { existingAuthority, openAuthority } from './certificate-authority.ts';
import { ControllerCertificate } from './controller-certificate.ts';
import { CONTROLLER_NAME, isNodeName, nodeOfNames, plainSerial } from './node-identity.ts';
import { Revocations } from './revocations.ts';

const DAY_MS = 86_400_000;
const now = Date.now();

describe('the certificate authority', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ringfence-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('is made once, whoever opens it at the same time, and lasts ten years', async () => {
    const opened = await Promise.all([openAuthority(folder, now), openAuthority(folder, now), openAuthority(folder, now)]);
    expect(new Set(opened.map(({ certificate }) => certificate)).size).toBe(1);
    expect((await openAuthority(folder, now)).certificate).toBe(opened[0].certificate);
    expect(readdirSync(folder)).toEqual(['authority']);
    const certificate = new X509Certificate(opened[0].certificate);
    expect(certificate.ca).toBe(true);
    expect(Math.round((Date.parse(certificate.validTo) - now) / DAY_MS)).toBe(3_650);
    expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
  });

  it('keeps everything to its owner, and refuses a key others can read', async () => {
    const authority = await openAuthority(folder, now);
    await authority.issueNode('n1', 1, now);
    authority.revokeNode('n1', now);
    const modes = ['authority/key.pem', 'authority/certificate.pem', 'issued.jsonl', 'revoked.jsonl'].map((name) => statSync(join(folder, name)).mode & 0o777);
    expect(modes).toEqual([0o600, 0o600, 0o600, 0o600]);
    expect(statSync(join(folder, 'authority')).mode & 0o777).toBe(0o700);
    chmodSync(join(folder, 'authority/key.pem'), 0o640);
    await expect(openAuthority(folder, now)).rejects.toThrow('others can read its key');
    expect(() => existingAuthority(folder, now)).toThrow('others can read its key');
  });

  it('is not there before somebody makes it, and not used after its end', async () => {
    expect(existingAuthority(folder, now)).toBeUndefined();
    await openAuthority(folder, now);
    expect(existingAuthority(folder, now)).toBeDefined();
    expect(() => existingAuthority(folder, now + 3_651 * DAY_MS)).toThrow('has run out');
  });

  it('issues certificates that say which node it is, and can be nothing else', async () => {
    const authority = await openAuthority(folder, now);
    const issued = await authority.issueNode('worker-1.example.com', 90, now);
    const certificate = new X509Certificate(issued.certificate);
    expect(certificate.subjectAltName).toBe('URI:ringfence://node/worker-1.example.com');
    expect(nodeOfNames(certificate.subjectAltName)).toBe('worker-1.example.com');
    expect([certificate.ca, certificate.keyUsage]).toEqual([false, ['1.3.6.1.5.5.7.3.2']]);
    expect(certificate.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(issued.key))).toBe(true);
    expect(Math.round((Date.parse(certificate.validTo) - now) / DAY_MS)).toBe(90);
    expect(plainSerial(certificate.serialNumber)).toBe(issued.serial);
    expect((await authority.issueNode('worker-1.example.com', 90, now)).serial).not.toBe(issued.serial);
  });

  it('never issues one that outlasts it', async () => {
    const authority = await openAuthority(folder, now);
    const late = await authority.issueNode('n1', 90, now + 3_640 * DAY_MS);
    expect(Date.parse(new X509Certificate(late.certificate).validTo)).toBe(Date.parse(new X509Certificate(authority.certificate).validTo));
  });

  it.each(['', '-a', 'a/b', 'a b', 'a,URI:ringfence://node/b', 'ä', 'a\nb', 'x'.repeat(254)])('issues none for the name %j', async (name) => {
    const authority = await openAuthority(folder, now);
    await expect(authority.issueNode(name, 1, now)).rejects.toThrow('issue a certificate for node');
    expect(isNodeName(name)).toBe(false);
  });

  it.each([0, -1, 826, Number.NaN])('issues none for %d days', async (days) => {
    const authority = await openAuthority(folder, now);
    await expect(authority.issueNode('n1', days, now)).rejects.toThrow('it lasts 1 to 825 days');
  });

  it('revokes what a node has by its name, and tells who watches', async () => {
    const authority = await openAuthority(folder, now);
    const [first, second, other] = [await authority.issueNode('n1', 1, now), await authority.issueNode('n1', 90, now), await authority.issueNode('n2', 90, now)];
    const revocations = new Revocations(folder, (why) => {
      throw new Error(why);
    });
    const told = new Promise<void>((resolve) => {
      revocations.watch(resolve);
    });
    expect([authority.revokeNode('n1', now), authority.revokeNode('nobody', now)]).toEqual([2, 0]);
    await told;
    expect([first, second, other].map(({ serial }) => revocations.has(serial.toUpperCase()))).toEqual([true, true, false]);
    revocations.close();
    expect(authority.revokeNode('n1', now + 2 * DAY_MS)).toBe(1);
  });

  it('sees a list in a folder that was put in the place of the one it watches', async () => {
    const watched = join(folder, 'watched');
    await openAuthority(watched, now);
    const revocations = new Revocations(watched, () => undefined);
    const told = new Promise<void>((resolve) => {
      revocations.watch(resolve, 50);
    });
    renameSync(watched, join(folder, 'before'));
    const anew = await openAuthority(watched, now);
    const { serial } = await anew.issueNode('n1', 1, now);
    anew.revokeNode('n1', now);
    await told;
    expect(revocations.has(serial)).toBe(true);
    revocations.close();
  });

  it('takes no damaged list for an empty one', async () => {
    const authority = await openAuthority(folder, now);
    const { serial } = await authority.issueNode('n1', 1, now);
    authority.revokeNode('n1', now);
    const troubles: string[] = [];
    const revocations = new Revocations(folder, (why) => troubles.push(why));
    appendFileSync(join(folder, 'revoked.jsonl'), '{"serial":');
    expect(revocations.read()).toBe(false);
    expect(troubles).toEqual([expect.stringContaining('revoked.jsonl:2: it is no JSON')]);
    expect(revocations.has(serial)).toBe(true);
    expect(() => new Revocations(folder, () => undefined)).toThrow('it is no JSON');
  });

  it('has another certificate for the controller long before the first ends', async () => {
    const authority = await openAuthority(folder, now);
    let clock = now;
    const own = await ControllerCertificate.make(authority, () => clock);
    const first = own.credentials;
    expect(new X509Certificate(first.certificate).subjectAltName).toBe(`DNS:${CONTROLLER_NAME}`);
    expect(new X509Certificate(first.certificate).keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(await own.renewIfDue()).toBe(false);
    clock += 21 * DAY_MS;
    expect(await own.renewIfDue()).toBe(true);
    expect(own.credentials.certificate).not.toBe(first.certificate);
    expect(own.notAfter).toBe(clock + 30 * DAY_MS);
    // never on disk
    expect(readdirSync(folder)).toEqual(['authority']);
    expect(readFileSync(join(folder, 'authority/certificate.pem'), 'utf8')).toBe(first.authority);
  });
});

describe('the node in a certificate', () => {
  it.each([
    ['URI:ringfence://node/n1', 'n1'],
    ['URI:ringfence://node/n1, DNS:n2', undefined],
    ['URI:ringfence://node/n1, URI:ringfence://node/n2', undefined],
    ['DNS:n1', undefined],
    ['DNS:x, URI:ringfence://node/n1', undefined],
    ['URI:"ringfence://node/n1"', undefined],
    ['URI:ringfence://node/', undefined],
    ['URI:ringfence://node/n1/n2', undefined],
    ['URI:RINGFENCE://NODE/n1', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('of %s is %s', (names, node) => {
    expect(nodeOfNames(names)).toBe(node);
  });
});
