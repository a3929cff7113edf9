import type { Diagnostic, Origin, Severity } from '#model';

import type { DocumentProblem } from './document-problem.ts';
import { READ_LIMITS } from './read-limits.ts';

interface Aside {
  readonly what: string;
  readonly line: number;
  count: number;
}

/** What is to say about one file, kept to a length that can be read. */
export class FileReport {
  readonly #file: string;
  readonly #diagnostics: Diagnostic[] = [];
  readonly #asides = new Map<string, Aside>();
  #unsaid = 0;

  constructor(file: string) {
    this.#file = file;
  }

  document({ code, line, message, hint }: DocumentProblem): void {
    this.object('error', code, this.#file, `${message}; the document is left out`, hint, { file: this.#file, line });
  }

  file(code: string, message: string, hint: string): void {
    this.#diagnostics.push({ code, severity: 'error', subject: this.#file, message, hint, origin: { file: this.#file, line: 1 } });
  }

  object(severity: Severity, code: string, subject: string, message: string, hint: string, origin: Origin): void {
    if (this.#diagnostics.length < READ_LIMITS.problemsOfFile) this.#diagnostics.push({ code, severity, subject, message, hint, origin });
    else this.#unsaid += 1;
  }

  /** A document that is meant for something else: said once for all of them. */
  notForUs(code: string, what: string, line: number): void {
    const aside = this.#asides.get(code);
    if (aside === undefined) this.#asides.set(code, { what, line, count: 1 });
    else aside.count += 1;
  }

  diagnostics(): readonly Diagnostic[] {
    const asides = [...this.#asides].map(([code, { what, line, count }]): Diagnostic => {
      const more = count === 1 ? '' : `, and so are ${count - 1} more`;
      const message = `the document ${what} and is ignored${more}`;
      return { code, severity: 'info', subject: this.#file, message, hint: 'nothing to do if it is meant for something else', origin: { file: this.#file, line } };
    });
    return [...this.#diagnostics, ...asides, ...this.#rest()];
  }

  #rest(): readonly Diagnostic[] {
    if (this.#unsaid === 0) return [];
    const message = `has ${this.#unsaid} more problems, which are not listed; what they concern is left out`;
    return [{ code: 'more-problems', severity: 'error', subject: this.#file, message, hint: 'correct those listed first', origin: { file: this.#file, line: 1 } }];
  }
}
