import { experimental, type ServerCredentials } from '@grpc/grpc-js';

import type { ChannelCredentials } from './node-channel.ts';

type Listener<Update> = (update: Update | null) => void;
interface AuthorityUpdate {
  readonly caCertificate: Buffer;
}
interface IdentityUpdate {
  readonly certificate: Buffer;
  readonly privateKey: Buffer;
}

/** Certificates a server takes for connections from now on, without being started again. */
export class CertificateHolder {
  readonly #authorityListeners = new Set<Listener<AuthorityUpdate>>();
  readonly #identityListeners = new Set<Listener<IdentityUpdate>>();
  #current: ChannelCredentials;

  constructor(first: ChannelCredentials) {
    this.#current = first;
  }

  replace(next: ChannelCredentials): void {
    this.#current = next;
    for (const listener of this.#authorityListeners) listener(this.#authority());
    for (const listener of this.#identityListeners) listener(this.#identity());
  }

  /** For a server that lets in nobody without a certificate of our authority. */
  serverCredentials(): ServerCredentials {
    // told a moment later: gRPC begins to listen to its credentials only after it has asked for them
    const provider = {
      addCaCertificateListener: (listener: Listener<AuthorityUpdate>) => {
        this.#authorityListeners.add(listener);
        queueMicrotask(() => { listener(this.#authority()); });
      },
      removeCaCertificateListener: (listener: Listener<AuthorityUpdate>) => {
        this.#authorityListeners.delete(listener);
      },
      addIdentityCertificateListener: (listener: Listener<IdentityUpdate>) => {
        this.#identityListeners.add(listener);
        queueMicrotask(() => { listener(this.#identity()); });
      },
      removeIdentityCertificateListener: (listener: Listener<IdentityUpdate>) => {
        this.#identityListeners.delete(listener);
      },
    };
    // one provider in both places: which parameter is which differs between its names and its code
    return experimental.createCertificateProviderServerCredentials(provider, provider, true);
  }

  #authority(): AuthorityUpdate {
    return { caCertificate: Buffer.from(this.#current.authority) };
  }

  #identity(): IdentityUpdate {
    return { certificate: Buffer.from(this.#current.certificate), privateKey: Buffer.from(this.#current.key) };
  }
}
