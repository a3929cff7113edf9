import { describe, expect, it } from '@jest/globals';

import { parsePrefix, type Prefix } from '#model';

import { address } from '../../../test/support/worlds.ts';
import { formatRange, rangeOfAddress, rangesContain, rangesOfBlocks } from './address-ranges.ts';

function block(cidr: string, ...except: readonly string[]): { readonly cidr: Prefix; readonly except: readonly Prefix[] } {
  return { cidr: parsePrefix(cidr)!, except: except.map((text) => parsePrefix(text)!) };
}

describe('ranges of blocks', () => {
  it.each([
    ['host bits are dropped', [block('192.0.2.7/24')], ['192.0.2.0/24']],
    ['one address', [block('192.0.2.7/32')], ['192.0.2.7']],
    ['neighbours are joined', [block('192.0.2.0/25'), block('192.0.2.128/25')], ['192.0.2.0/24']],
    ['doubles are joined', [block('192.0.2.0/24'), block('192.0.2.16/28')], ['192.0.2.0/24']],
    ['three neighbours are no prefix', [block('192.0.2.0/31'), block('192.0.2.2/32')], ['192.0.2.0-192.0.2.2']],
    ['a hole in the middle', [block('192.0.2.0/24', '192.0.2.64/26')], ['192.0.2.0/26', '192.0.2.128/25']],
    ['overlapping holes', [block('192.0.2.0/24', '192.0.2.0/25', '192.0.2.64/26')], ['192.0.2.128/25']],
    ['nothing left', [block('192.0.2.0/24', '192.0.0.0/16')], []],
    ['a hole only takes from its own block', [block('192.0.2.0/24', '192.0.2.0/25'), block('192.0.2.0/26')], ['192.0.2.0/26', '192.0.2.128/25']],
    ['everything', [block('0.0.0.0/0'), block('::/0')], ['0.0.0.0/0', '::/0']],
    ['everything but one end', [block('::/0', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128')], ['::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe']],
    ['a hole of the other family', [block('2001:db8::/32', '192.0.2.0/24')], ['2001:db8::/32']],
    ['an end among mapped addresses stays IPv6', [block('::/64', '::ffff:8000:0:0/96')], ['::-::ffff:7fff:ffff:ffff', '::ffff:8001:0:0-::ffff:ffff:ffff:ffff']],
  ])('%s', (_name, blocks, texts) => {
    expect(rangesOfBlocks(blocks).map(formatRange)).toEqual(texts);
  });

  it('contain their ends and nothing beside them', () => {
    const ranges = rangesOfBlocks([block('192.0.2.8/30')]);
    const inside = ['192.0.2.7', '192.0.2.8', '192.0.2.11', '192.0.2.12', '2001:db8::1'].filter((text) => rangesContain(ranges, address(text)));
    expect(inside).toEqual(['192.0.2.8', '192.0.2.11']);
    expect(formatRange(rangeOfAddress(address('2001:db8::1')))).toBe('2001:db8::1');
  });
});
