import { describe, expect, it } from '@jest/globals';

import { AttributeMap, findU32 } from './attribute-reader.ts';
import { AttributeWriter } from './attribute-writer.ts';
import { acknowledgementIn, attributesOf, familyOf, messages } from './netlink-message.ts';

function written(): Buffer {
  const writer = new AttributeWriter(16);
  writer.begin(0x0a09, 0x405, 7, 1, 10).text(1, 'ringfence').u32(3, 0xfffffff6).u8(4, 5).u64(5, 2n ** 60n).u16(6, 7);
  const outer = writer.open(9);
  for (const value of [1, 2]) {
    const inner = writer.open(1);
    writer.u32(1, value);
    writer.close(inner);
  }
  writer.close(outer);
  writer.begin(0x0a0c, 1, 8).raw(2, Buffer.from([1, 2, 3]));
  return writer.finish().bytes();
}

describe('netlink messages', () => {
  it('read back as they were written, whatever room there was at first', () => {
    const [first, second, ...others] = [...messages(written())];
    expect(others).toEqual([]);
    expect(first).toMatchObject({ type: 0x0a09, flags: 0x405, sequence: 7, portId: 0 });
    expect(familyOf(first!)).toBe(1);
    const attributes = attributesOf(first!);
    expect([attributes.text(1), attributes.u32(3), attributes.u8(4), attributes.u64(5), attributes.u16(6)]).toEqual(['ringfence', 0xfffffff6, 5, 2n ** 60n, 7]);
    expect([...attributes.list(9)].map((each) => each.u32(1))).toEqual([1, 2]);
    expect(attributes.has(2)).toBe(false);
    expect(attributesOf(second!).raw(2)).toEqual(Buffer.from([1, 2, 3]));
    expect(findU32(first!.bytes, first!.start + 4, first!.end, 3)).toBe(0xfffffff6);
  });

  it('are no more than what is there, where they are cut short anywhere or say wrong lengths', () => {
    const whole = written();
    for (let length = 0; length <= whole.length; length += 1) {
      for (const message of messages(whole.subarray(0, length))) {
        expect(message.end).toBeLessThanOrEqual(length);
        expect(attributesOf(message)).toBeInstanceOf(AttributeMap);
      }
    }
    for (let at = 0; at < whole.length; at += 1) {
      const damaged = Buffer.from(whole);
      damaged[at] = 0xff;
      for (const message of messages(damaged)) {
        for (const each of attributesOf(message).list(9)) each.u32(1);
        findU32(damaged, message.start + 4, message.end, 6);
        acknowledgementIn(message);
      }
    }
  });

  it('do not hold an attribute that is longer than its length can say', () => {
    expect(() => new AttributeWriter().raw(1, Buffer.alloc(65_536))).toThrow(/does not fit/);
  });

  it('tell an error with what the kernel says about it', () => {
    const inner = Buffer.alloc(16);
    inner.writeUInt32LE(16, 0);
    const said = new AttributeWriter().text(1, 'set is busy').bytes();
    const error = Buffer.alloc(20);
    error.writeUInt32LE(36 + said.length, 0);
    error.writeUInt16LE(2, 4);
    error.writeUInt16LE(0x300, 6);
    error.writeUInt32LE(9, 8);
    error.writeInt32LE(-16, 16);
    const [message] = [...messages(Buffer.concat([error, inner, said]))];
    expect(acknowledgementIn(message!)).toEqual({ sequence: 9, errno: 16, code: 'EBUSY', text: 'set is busy' });
  });
});
