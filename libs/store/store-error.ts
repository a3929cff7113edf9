export type StoreErrorCode =
  /** Another process holds the file for longer than is waited for. */
  | 'busy'
  /** Another process has the folder for itself. */
  | 'in-use'
  /** No room left: nothing was written. */
  | 'full'
  /** What is there is no store of ours, or damaged. */
  | 'unreadable'
  /** A newer release wrote it. */
  | 'too-new'
  /** The server does not answer. */
  | 'unreachable'
  /** What is to be written is larger than any entry may be. */
  | 'too-large'
  | 'closed'
  | 'failed';

/** What the outside did to a call on the store. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;
  /** The connection broke after the write was sent: it may be there or not. */
  readonly isOutcomeUnknown: boolean;

  constructor(code: StoreErrorCode, message: string, { cause, isOutcomeUnknown = false }: { readonly cause?: unknown; readonly isOutcomeUnknown?: boolean } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StoreError';
    this.code = code;
    this.isOutcomeUnknown = isOutcomeUnknown;
  }
}

export function isStoreError(error: unknown, code?: StoreErrorCode): error is StoreError {
  return error instanceof StoreError && (code === undefined || error.code === code);
}

/** What an error of the system or of a database says, whatever it is made of. */
export function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
}
