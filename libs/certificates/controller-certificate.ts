import type { CertificateAuthority } from './certificate-authority.ts';
import type { KeyedCertificate } from './certificate-writer.ts';

const DAYS = 30;
/** Renewed when so much of its time is left. */
const RENEW_BELOW_MS = 10 * 86_400_000;
const LOOK_EVERY_MS = 3_600_000;

/**
 * The certificate a controller proves itself with: made when it starts, made anew long before it
 * ends, and never on disk.
 */
export class ControllerCertificate {
  readonly #authority: CertificateAuthority;
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;
  #current: KeyedCertificate;

  private constructor(authority: CertificateAuthority, now: () => number, first: KeyedCertificate) {
    this.#authority = authority;
    this.#now = now;
    this.#current = first;
  }

  static async make(authority: CertificateAuthority, now: () => number): Promise<ControllerCertificate> {
    return new ControllerCertificate(authority, now, await authority.issueController(DAYS, now()));
  }

  /** What a server takes: PEM texts. */
  get credentials(): { readonly certificate: string; readonly key: string; readonly authority: string } {
    return { certificate: this.#current.certificate, key: this.#current.key, authority: this.#authority.certificate };
  }

  get notAfter(): number {
    return this.#current.notAfter;
  }

  /** Makes another one where this one ends soon; whether it did. */
  async renewIfDue(): Promise<boolean> {
    if (this.#current.notAfter - this.#now() > RENEW_BELOW_MS) return false;
    this.#current = await this.#authority.issueController(DAYS, this.#now());
    return true;
  }

  /** Looks every hour; until {@link close}. */
  keepFresh(onRenewed: () => void, onTrouble: (why: string) => void): void {
    this.#timer = setInterval(() => {
      this.renewIfDue().then(
        (isRenewed) => {
          if (isRenewed) onRenewed();
        },
        (error: unknown) => {
          onTrouble(`renew the controller's certificate: ${error instanceof Error ? error.message : String(error)}`);
        },
      );
    }, LOOK_EVERY_MS);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
