import { type CertificateAuthority, ControllerCertificate, Revocations } from '#certificates';
import type { Logger } from 'pino';

import type { ChannelEvents } from './channel-events.ts';
import type { NodeChannelOptions } from './node-channel.ts';
import { NodeChannelServer } from './node-channel-server.ts';

export interface GuardedChannelOptions extends Pick<NodeChannelOptions, 'listen' | 'controllerVersion'> {
  readonly authority: CertificateAuthority;
  /** Where revocations lie. */
  readonly authorityFolder: string;
  readonly events: ChannelEvents;
  readonly log: Logger;
}

/** The channel with what keeps it safe while it runs: a certificate that is made anew in time, and revocations as they come. */
export class GuardedChannel {
  readonly channel: NodeChannelServer;
  readonly #certificate: ControllerCertificate;
  readonly #revocations: Revocations;

  private constructor(channel: NodeChannelServer, certificate: ControllerCertificate, revocations: Revocations) {
    this.channel = channel;
    this.#certificate = certificate;
    this.#revocations = revocations;
  }

  static async start({ authority, authorityFolder, log, ...rest }: GuardedChannelOptions): Promise<GuardedChannel> {
    const revocations = new Revocations(authorityFolder, (why) => {
      log.error({ why }, 'the list of revoked certificates cannot be read; the one before stands');
    });
    const certificate = await ControllerCertificate.make(authority, Date.now);
    const channel = await NodeChannelServer.start({ ...rest, credentials: certificate.credentials, isRevoked: (serial) => revocations.has(serial) });
    revocations.watch(() => {
      channel.review();
    });
    certificate.keepFresh(
      () => {
        channel.setCredentials(certificate.credentials);
      },
      (why) => {
        log.error({ why }, 'the certificate of the controller is not renewed');
      },
    );
    return new GuardedChannel(channel, certificate, revocations);
  }

  close(): Promise<void> {
    this.#certificate.close();
    this.#revocations.close();
    return this.channel.close();
  }
}
