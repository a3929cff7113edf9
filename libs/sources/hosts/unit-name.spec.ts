import { describe, expect, it } from '@jest/globals';

import { unitOf } from './unit-name.ts';

describe('who a process runs as', () => {
  it.each<[string, string, string, unknown]>([
    ['a service', '0::/system.slice/nginx.service\n', 'nginx', { kind: 'Unit', name: 'nginx.service' }],
    ['one of a template', '0::/system.slice/system-postgresql.slice/postgresql@15-main.service', 'postgres', { kind: 'Unit', name: 'postgresql@15-main.service' }],
    ['one of a person, and not the manager', '0::/user.slice/user-1000.slice/user@1000.service/app.slice/sync.service', 'sync', { kind: 'Unit', name: 'user-1000:sync.service' }],
    ['the manager of a person itself', '0::/user.slice/user-1000.slice/user@1000.service/init.scope', 'systemd', { kind: 'Unit', name: 'user-1000:init.scope' }],
    ['a service of a person that is called like one of the system', '0::/user.slice/user-1000.slice/user@1000.service/app.slice/postgresql.service', 'postgres', { kind: 'Unit', name: 'user-1000:postgresql.service' }],
    ['a service that calls a group of its own like another one', '0::/system.slice/app.service/postgresql.service', 'postgres', { kind: 'Unit', name: 'app.service' }],
    ['a person who makes another manager', '0::/user.slice/user-1000.slice/user@1000.service/user@0.service/x.service', 'x', { kind: 'Unit', name: 'user-1000:user@0.service' }],
    ['a scope', '0::/user.slice/user-0.slice/session-3.scope', 'sshd', { kind: 'Unit', name: 'session-3.scope' }],
    ['one below a control group of its own', '0::/system.slice/app.service/workers', 'app', { kind: 'Unit', name: 'app.service' }],
    ['a name systemd had to write otherwise', String.raw`0::/system.slice/my\x2dapp.service`, 'app', { kind: 'Unit', name: 'my-app.service' }],
    ['the tree of an older system', '9:name=systemd:/system.slice/old.service\n3:cpuset:/\n0::/', 'old', { kind: 'Unit', name: 'old.service' }],
    ['nobody\'s', '0::/', 'python3', { kind: 'Process', name: 'python3' }],
    ['no text at all', '', '', { kind: 'Process', name: 'unnamed' }],
    ['a name that is meant to be something else', '0::/', 'x/../../Unit/nginx\n\u202e"', { kind: 'Process', name: 'x-..-..-Unit-nginx---' }],
    ['a very long one', '0::/', 'y'.repeat(5_000), { kind: 'Process', name: 'y'.repeat(200) }],
  ])('%s', (_what, cgroup, command, expected) => {
    expect(unitOf(cgroup, command)).toEqual(expected);
  });

  it.each([
    '0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1.slice/cri-containerd-0123456789abcdef.scope',
    '0::/system.slice/docker-0123456789abcdef0123.scope',
    '4:memory:/docker/0123456789abcdef\n0::/',
    '0::/machine.slice/libpod-0123456789abcdef.scope',
  ])('nobody of the host\'s in a container: %s', (cgroup) => {
    expect(unitOf(cgroup, 'nginx')).toBeUndefined();
  });
});
