/** Why the engine did not give what was asked of it. */
export type DockerErrorCode = 'unreachable' | 'refused' | 'not-found' | 'too-slow' | 'too-large' | 'not-understood' | 'closed';

export class DockerError extends Error {
  readonly code: DockerErrorCode;

  constructor(code: DockerErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'DockerError';
    this.code = code;
  }
}

/** Whether the engine says that there is no such thing. */
export function isNotFound(error: unknown): boolean {
  return error instanceof DockerError && error.code === 'not-found';
}

/** Whether the engine answered, but would not do what it was asked: others may still be asked for. */
export function isRefused(error: unknown): boolean {
  return error instanceof DockerError && (error.code === 'refused' || error.code === 'too-large' || error.code === 'not-understood');
}
