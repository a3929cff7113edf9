import { describe, expect, it } from '@jest/globals';

import { readOptions } from './options.ts';

const files = ['--cert', '/c', '--key', '/k', '--ca', '/a'];

describe('options of the enforcer', () => {
  it.each(['controller.example.com:7443', '192.0.2.7:7443', '[2001:db8::7]:7443'])('takes its bundles from %s', (address) => {
    expect(readOptions(['--controller', address, ...files], {})).toMatchObject({ options: { controller: { address, certificate: '/c', key: '/k', authority: '/a' } } });
  });

  it('has a default for everything but the bundle', () => {
    expect(readOptions([], {})).toEqual({
      kind: 'options',
      options: { bundle: undefined, state: '/var/lib/ringfence', driver: 'auto', namespacePath: undefined, report: undefined, socket: '/run/ringfence/enforcer.sock', confirmWithinMs: 60_000, watchesFlows: true, findsProcesses: false, identifies: true, ownedMark: undefined, docker: 'auto', tellsUnits: false, controller: undefined },
    });
  });

  it('takes what no option says from the environment, and options first', () => {
    const environment = { RINGFENCE_BUNDLE: '/a', RINGFENCE_CONFIRM_WITHIN: '5', RINGFENCE_FLOWS: 'off', RINGFENCE_SOCKET: 'none', RINGFENCE_NETNS: '' };
    expect(readOptions(['--bundle', '/b'], environment)).toMatchObject({ options: { bundle: '/b', confirmWithinMs: 5_000, watchesFlows: false, socket: undefined, namespacePath: undefined } });
  });

  it.each<[readonly string[], RegExp]>([
    [['--driver', 'ebtables'], /--driver ebtables: there are auto, netlink/],
    [['--confirm-within', '0'], /--confirm-within 0/],
    [['--confirm-within', 'soon'], /--confirm-within soon/],
    [['--flows', 'some'], /--flows some/],
    [['--processes', 'some'], /--processes some/],
    [['--identify', 'some'], /--identify some/],
    [['--mark-mask', '255'], /--mark-mask 255/],
    [['--mark-mask', '0xffff0000'], /--flows off/],
    [['--socket', 'here.sock'], /absolute path/],
    [['--units', 'some'], /--units some: on or off/],
    [['--units', 'on', '--netns', '/run/netns/x'], /leave out --netns/],
    [['--docker', 'here.sock'], /--docker here.sock: give an absolute path/],
    [['--controller', 'controller', ...files], /--controller controller: give HOST:PORT/],
    [['--controller', 'a:70000', ...files], /give HOST:PORT/],
    [['--controller', 'fd00::1:7443', ...files], /\[ADDRESS\]:PORT for IPv6/],
    [['--controller', 'a b:7443', ...files], /give HOST:PORT/],
    [['--controller', 'a:7443', '--cert', '/c', '--key', '/k'], /needs --cert, --key and --ca/],
    [['--controller', 'a:7443', ...files, '--bundle', '/b'], /one or the other/],
    [['--cert', '/c'], /--controller, which is missing/],
    [['--bundel', '/a'], /--bundel/],
    [['/a'], /\/a/],
  ])('refuses %j, saying what is wrong', (args, why) => {
    expect(readOptions(args, {})).toMatchObject({ kind: 'problem', why: expect.stringMatching(why) });
  });

  it('knows when it is asked for help', () => {
    expect(readOptions(['--help', '--driver', 'netlink'], {})).toEqual({ kind: 'help' });
  });
});
