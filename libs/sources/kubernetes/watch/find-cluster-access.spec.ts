import { describe, expect, it } from '@jest/globals';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { findClusterAccess, type FindAccessOptions } from './find-cluster-access.ts';

async function inFolder<T>(files: Readonly<Record<string, string>>, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'ringfence-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function kubeconfig(name: string, user: string, cluster = `{server: "https://${name}.example:6443"}`): string {
  return `apiVersion: v1
kind: Config
clusters: [{name: ${name}, cluster: ${cluster}}]
users: [{name: ${name}, user: ${user}}]
contexts: [{name: ${name}, context: {cluster: ${name}, user: ${name}, namespace: shop}}]
current-context: ${name}
`;
}

function nothing(folder: string): FindAccessOptions {
  return { environment: {}, home: folder, serviceAccountFolder: join(folder, 'none') };
}

async function messageOf(found: Promise<unknown>): Promise<string> {
  try {
    await found;
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  return 'nothing was thrown';
}

describe('finding a cluster', () => {
  it('finds none where there is none', async () => {
    await inFolder({}, async (folder) => {
      expect(await findClusterAccess(nothing(folder))).toBeUndefined();
    });
  });

  it('takes what is named, then KUBECONFIG, then the home folder, then the Pod', async () => {
    const files = { named: kubeconfig('named', '{token: a}'), one: kubeconfig('one', '{token: b}'), '.kube/config': kubeconfig('home', '{token: c}'), 'pod/token': 'd\n', 'pod/namespace': 'ringfence\n', 'pod/ca.crt': '' };
    await inFolder(files, async (folder) => {
      const pod = { KUBERNETES_SERVICE_HOST: 'fd00:96::1', KUBERNETES_SERVICE_PORT: '443' };
      const all = { environment: { ...pod, KUBECONFIG: join(folder, 'one') }, home: folder, serviceAccountFolder: join(folder, 'pod') };
      const found = [
        await findClusterAccess({ ...all, kubeconfig: join(folder, 'named') }),
        await findClusterAccess(all),
        await findClusterAccess({ ...all, environment: pod }),
        await findClusterAccess({ ...all, environment: pod, home: join(folder, 'nobody') }),
      ];
      expect(found.map((each) => [each?.server, each?.namespace])).toEqual([
        ['https://named.example:6443', 'shop'],
        ['https://one.example:6443', 'shop'],
        ['https://home.example:6443', 'shop'],
        ['https://[fd00:96::1]:443', 'ringfence'],
      ]);
    });
  });

  it('merges the files of KUBECONFIG as kubectl does, leaving out those that are not there', async () => {
    await inFolder({ one: kubeconfig('one', '{token: a}'), two: kubeconfig('two', '{token: b}') }, async (folder) => {
      const KUBECONFIG = ['none', 'one', 'two', 'one'].map((name) => join(folder, name)).join(':');
      expect((await findClusterAccess({ environment: { KUBECONFIG } }))?.server).toBe('https://one.example:6443');
      expect((await findClusterAccess({ environment: { KUBECONFIG }, context: 'two' }))?.server).toBe('https://two.example:6443');
    });
  });

  it.each<[string, Readonly<Record<string, string>>, FindAccessOptions, readonly string[]]>([
    ['is not there', {}, { kubeconfig: 'none' }, ['read the kubeconfig', 'none', 'no such file']],
    ['is none', { config: '{{' }, { kubeconfig: 'config' }, ['read the kubeconfig', 'config', 'kubectl']],
    ['is broken beside a secret', { config: 'users:\n- token: s3cret\n  x: [\ncurrent-context: s3cret: a' }, { kubeconfig: 'config' }, ['read the kubeconfig']],
    ['chooses no context', { config: kubeconfig('one', '{}').replace('current-context: one', '') }, { kubeconfig: 'config' }, ['there is no context', 'kubectl config use-context']],
    ['has no such context', { config: kubeconfig('one', '{}') }, { kubeconfig: 'config', context: 'other' }, ['there is no context other']],
    ['names a cluster that is not in it', { config: kubeconfig('one', '{}').replace('cluster: one, user', 'cluster: two, user') }, { kubeconfig: 'config' }, ['names the cluster two, which is not in it']],
    ['is nowhere KUBECONFIG says', {}, { environment: { KUBECONFIG: '/nowhere/config' } }, ['KUBECONFIG names /nowhere/config', 'unset it']],
  ])('says what to do where a kubeconfig %s', async (_name, files, options, expected) => {
    await inFolder(files, async (folder) => {
      const message = await messageOf(findClusterAccess({ ...nothing(folder), ...options, ...(options.kubeconfig === undefined ? {} : { kubeconfig: join(folder, options.kubeconfig) }) }));
      expect(message).toMatch(/^ClusterAccessError: /);
      for (const part of expected) expect(message).toContain(part);
      expect(message).not.toContain('s3cret');
    });
  });
});

describe('credentials', () => {
  it.each([
    ['a token', '{token: secret}', { authorization: 'Bearer secret' }],
    ['a name and a password', '{username: ada, password: secret}', { authorization: 'Basic YWRhOnNlY3JldA==' }],
    ['somebody else', '{token: secret, as: bob}', { authorization: 'Bearer secret', 'impersonate-user': 'bob' }],
    ['a token in a file beside it', '{tokenFile: token}', { authorization: 'Bearer from-file' }],
    ['a plugin', '{exec: {apiVersion: client.authentication.k8s.io/v1, command: PLUGIN, interactiveMode: Never}}', { authorization: 'Bearer from-plugin' }],
  ])('come from %s', async (_name, user, headers) => {
    await inFolder({ token: 'from-file\n', plugin: '#!/bin/sh\necho \'{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"from-plugin"}}\'\n' }, async (folder) => {
      chmodSync(join(folder, 'plugin'), 0o755);
      writeFileSync(join(folder, 'config'), kubeconfig('one', user.replace('PLUGIN', join(folder, 'plugin'))));
      const access = await findClusterAccess({ kubeconfig: join(folder, 'config') });
      expect((await access?.credentials())?.headers).toEqual(headers);
    });
  });

  it.each(['http://192.0.2.7:8080', 'http://[2001:db8::7]:8080', 'http://api.example'])('with a secret in them are not shown to everybody on the way to %s', async (server) => {
    await inFolder({ token: 's3cret' }, async (folder) => {
      for (const user of ['{token: s3cret}', '{username: ada, password: s3cret}', '{tokenFile: token}', '{exec: {apiVersion: client.authentication.k8s.io/v1, command: /nowhere}}']) {
        writeFileSync(join(folder, 'config'), kubeconfig('one', user, `{server: "${server}", insecure-skip-tls-verify: true}`));
        const message = await messageOf(findClusterAccess({ kubeconfig: join(folder, 'config') }));
        expect(message).toContain('is asked without TLS, and a token or password would be shown');
        expect(message).not.toContain('s3cret');
      }
    });
  });

  it('are not shown in plain text when a secret comes to the kubeconfig later', async () => {
    await inFolder({ config: kubeconfig('one', '{}', '{server: "http://192.0.2.7:8080"}') }, async (folder) => {
      const access = await findClusterAccess({ kubeconfig: join(folder, 'config') });
      expect(access?.weaknesses).toMatchObject([{ code: 'cluster-without-tls', subject: 'cluster http://192.0.2.7:8080' }]);
      writeFileSync(join(folder, 'config'), kubeconfig('one', '{token: s3cret}'));
      access?.forget();
      expect(await messageOf(Promise.resolve(access?.credentials()))).toContain('is asked without TLS');
    });
  });

  it.each<[string, string, readonly string[]]>([
    ['this host by http', '{server: "http://127.0.0.1:8001", insecure-skip-tls-verify: true}', []],
    ['this host by http, in IPv6', '{server: "http://[::1]:8001", insecure-skip-tls-verify: true}', []],
    ['this host by name', '{server: "http://localhost:8001", insecure-skip-tls-verify: true}', []],
    ['whoever has a certificate of some authority', '{server: "https://192.0.2.7"}', []],
    ['whoever answers', '{server: "https://192.0.2.7", insecure-skip-tls-verify: true}', ['cluster-unchecked']],
    ['whoever answers, in IPv6', '{server: "https://[2001:db8::7]", insecure-skip-tls-verify: true}', ['cluster-unchecked']],
  ])('go to %s', async (_whom, cluster, codes) => {
    await inFolder({ config: kubeconfig('one', '{token: secret}', cluster) }, async (folder) => {
      const access = await findClusterAccess({ kubeconfig: join(folder, 'config') });
      expect([(await access?.credentials())?.headers, access?.weaknesses?.map(({ code }) => code)]).toEqual([{ authorization: 'Bearer secret' }, codes]);
    });
  });

  it('of a Pod are read again after they were refused', async () => {
    await inFolder({ 'pod/token': 'first\n', 'pod/ca.crt': 'authority' }, async (folder) => {
      const access = await findClusterAccess({ environment: { KUBERNETES_SERVICE_HOST: '10.96.0.1' }, home: folder, serviceAccountFolder: join(folder, 'pod') });
      expect((await access?.credentials())?.headers).toEqual({ authorization: 'Bearer first' });
      expect(String((await access?.credentials())?.tls.ca)).toBe('authority');
      writeFileSync(join(folder, 'pod', 'token'), 'second\n');
      access?.forget();
      expect((await access?.credentials())?.headers).toEqual({ authorization: 'Bearer second' });
    });
  });

  it('say where they were to come from, and nothing of what is in them', async () => {
    await inFolder({ config: kubeconfig('one', '{exec: {apiVersion: client.authentication.k8s.io/v1, command: /nowhere/plugin}}') }, async (folder) => {
      const access = await findClusterAccess({ kubeconfig: join(folder, 'config') });
      const message = await messageOf(Promise.resolve(access?.credentials()));
      expect(message).toContain(`get credentials from the kubeconfig ${join(folder, 'config')}, context one: `);
      expect(message).toContain('/nowhere/plugin');
    });
  });
});
