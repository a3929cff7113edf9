import { hash } from 'node:crypto';

/** SHA-256 in hexadecimal: the digest pure code is given where it names things by their content. */
export function digest(text: string): string {
  return hash('sha256', text, 'hex');
}
