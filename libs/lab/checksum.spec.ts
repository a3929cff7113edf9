import { describe, expect, it } from '@jest/globals';

import { crc32c, internetChecksum } from './checksum.ts';

describe('crc32c', () => {
  // RFC 3720, B.4, and the check value of the polynomial
  it.each<readonly [string, Buffer, number]>([
    ['the check value', Buffer.from('123456789'), 0xe3069283],
    ['zeros', Buffer.alloc(32), 0x8a9136aa],
    ['ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
    ['counting up', Buffer.from(Array.from({ length: 32 }, (_, at) => at)), 0x46dd794e],
    ['nothing', Buffer.alloc(0), 0],
  ])('of %s', (_what, bytes, value) => {
    expect(crc32c(bytes)).toBe(value);
  });
});

describe('the internet checksum', () => {
  it('is the one of RFC 1071', () => {
    expect(internetChecksum(Buffer.from([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]))).toBe(0xffff - 0xddf2);
  });

  it('is over parts as over the whole, and pads an odd end', () => {
    const bytes = Buffer.from([1, 2, 3, 4, 5, 6, 7]);
    expect(internetChecksum(bytes.subarray(0, 4), bytes.subarray(4))).toBe(internetChecksum(Buffer.concat([bytes, Buffer.alloc(1)])));
  });

  it('makes a whole that holds it come to nothing', () => {
    const bytes = Buffer.from('45000073000040004011b861c0a80001c0a800c7', 'hex');
    expect(internetChecksum(bytes)).toBe(0);
  });
});
