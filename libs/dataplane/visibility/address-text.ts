import { type Address, addressFromBits } from '#model';

/** Canonical text of the address of 4 or 16 bytes at a place. */
export function addressText(bytes: Buffer, at: number, length: number): string {
  return addressAt(bytes, at, length).text;
}

export function addressAt(bytes: Buffer, at: number, length: number): Address {
  if (length === 4) return addressFromBits(4, BigInt(bytes.readUInt32BE(at)));
  return addressFromBits(6, (bytes.readBigUInt64BE(at) << 64n) | bytes.readBigUInt64BE(at + 8));
}

/** The bytes of an address as a text of one character each: a key that costs next to nothing to make from a packet. */
export function addressKey({ family, bits }: Address): string {
  const bytes = Buffer.alloc(family === 4 ? 4 : 16);
  if (family === 4) bytes.writeUInt32BE(Number(bits));
  else {
    bytes.writeBigUInt64BE(bits >> 64n, 0);
    bytes.writeBigUInt64BE(bits & 0xffff_ffff_ffff_ffffn, 8);
  }
  return bytes.toString('latin1');
}
