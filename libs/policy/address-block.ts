import { type Address, type Prefix, prefixContains } from '#model';

/** A block of addresses without some of its parts; `except` only ever takes away from its own `cidr`. */
export interface AddressBlock {
  readonly cidr: Prefix;
  readonly except: readonly Prefix[];
}

export function blockContains(block: AddressBlock, address: Address): boolean {
  return prefixContains(block.cidr, address) && !block.except.some((hole) => prefixContains(hole, address));
}
