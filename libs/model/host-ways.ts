/** The ways in that keep a plain host reachable, however closed it is: for people, and for our own channel. */
export interface HostWays {
  /** Where people log in; {@link SSH_PORT} where absent. */
  readonly sshPort?: number;
  /** Hosts where that is another port. */
  readonly sshPorts?: readonly { readonly host: string; readonly port: number }[];
  /** Where enforcers reach their controller. */
  readonly channelPort?: number;
}

export const SSH_PORT = 22;

/** Where people log in to this host. */
export function sshPortOf(host: string, { sshPort = SSH_PORT, sshPorts = [] }: HostWays): number {
  return sshPorts.find((each) => each.host === host)?.port ?? sshPort;
}
