import type { Diagnostic } from '#model';
import { diagnosticShape, type ProblemShape } from '#operator-api';

const TITLES: Readonly<Record<number, string>> = {
  400: 'The request is not understood',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Not offered here',
  409: 'Changed meanwhile',
  413: 'Too large',
  415: 'Not JSON',
  422: 'Cannot be done',
  500: 'A mistake of the controller',
  503: 'Not now',
};

type Said = Pick<Diagnostic, 'code' | 'subject' | 'message' | 'hint'>;

/** Something a caller is told instead of an answer. */
export class Problem extends Error {
  readonly status: number;
  readonly said: Said;
  readonly diagnostics: readonly Diagnostic[];

  constructor(status: number, said: Said, diagnostics: readonly Diagnostic[] = []) {
    super(`${said.subject}: ${said.message}`);
    this.name = 'Problem';
    this.status = status;
    this.said = said;
    this.diagnostics = diagnostics;
  }

  /** The first error speaks for all of them. */
  static of(status: number, diagnostics: readonly Diagnostic[], otherwise: Said): Problem {
    const first = diagnostics.find(({ severity }) => severity === 'error') ?? diagnostics[0];
    return new Problem(status, first ?? otherwise, diagnostics);
  }
}

/** RFC 9457. */
export function problemShape({ status, said, diagnostics }: Problem): ProblemShape {
  const { code, subject, message, hint } = said;
  return {
    type: `urn:ringfence:problem:${code}`,
    title: titleOf(status),
    status,
    detail: `${subject}: ${message}`,
    code,
    subject,
    message,
    hint,
    ...(diagnostics.length === 0 ? {} : { diagnostics: diagnostics.map(diagnosticShape) }),
  };
}

export function titleOf(status: number): string {
  return TITLES[status] ?? (status < 500 ? 'Refused' : 'Not possible now');
}
