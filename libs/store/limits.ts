import { StoreError } from './store-error.ts';

/** Documents are small on purpose: what grows is evidence. */
export const LARGEST_DOCUMENT_BYTES = 4 * 1024 * 1024;
export const LARGEST_ROW_BYTES = 1024 * 1024;
const LONGEST_NAME = 512;

/** Names and keys come from names of workloads, which others choose: any text, but not any length. */
export function checkName(name: string, doing: string): void {
  if (name === '' || name.length > LONGEST_NAME || name.includes('\u0000') || !name.isWellFormed()) throw new StoreError('too-large', `${doing}: a name is 1 to ${String(LONGEST_NAME)} characters of Unicode, none of them NUL`);
}

export function checkFence(fence: number | undefined): void {
  if (fence !== undefined && (!Number.isSafeInteger(fence) || fence < 0)) throw new Error(`use fence ${String(fence)}: it is no fence`);
}

export function checkTtl(ttlMs: number): void {
  if (!Number.isSafeInteger(ttlMs) || ttlMs < 1) throw new Error(`hold a lease for ${String(ttlMs)} ms: that is no time`);
}
