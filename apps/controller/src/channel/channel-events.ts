import type { BundleMark, BundleSnapshot, NodeAck, NodeHello, NodeNack, NodeNews } from '#distribution';
import type { EngineContainer, EngineHost, FlowReport, SourceUpdate } from '#model';

/** An update as only a node may say it: about what its own engine or the host itself runs. */
export interface NodeUpdate extends SourceUpdate {
  readonly value: EngineContainer | EngineHost | undefined;
}

/** Everything of a node's sources that changed, or at first everything there is. */
export interface NodeMetadata {
  /** It begins anew. What came before counts until its sources are in sync, all of them together, and is gone then where it was not said again. */
  readonly isFirst: boolean;
  /** Sources are named after the node: `docker:NODE`. */
  readonly updates: readonly NodeUpdate[];
  /** Sources that have said everything there is. */
  readonly inSync: readonly string[];
}

/**
 * What nodes say, told as it comes. A node is named by its certificate, whatever it writes.
 *
 * Where a promise is given back, the node is told that it was taken when that resolves, and says
 * it again after a break if it never does; a rejection ends the connection.
 */
export interface ChannelEvents {
  /** `peer` is the address and port it speaks from. */
  readonly onConnected: (node: string, hello: NodeHello, peer: string) => void;
  /** Told once for each connection, and not where a newer one took its place. */
  readonly onDisconnected: (node: string, why: string) => void;
  readonly onAck: (node: string, ack: NodeAck) => void;
  /** `sent` is what the version meant. */
  readonly onNack: (node: string, nack: NodeNack, sent: BundleMark) => void;
  /** `report` is the whole of it, unread. */
  readonly onReport: (node: string, news: NodeNews, report: unknown) => void;
  /** Whether flows would be taken in now; absent: they always are. Where not, they are left with the node. */
  readonly takesFlows?: () => boolean;
  readonly onFlows: (node: string, report: FlowReport) => Promise<void>;
  readonly onMetadata: (node: string, metadata: NodeMetadata) => Promise<void>;
  /** What is desired of a node, in full: asked for where no delta leads there. Undefined: nothing is any more. */
  readonly snapshotOf: (node: string) => Promise<BundleSnapshot | undefined>;
  /** Somebody was sent away. Never more than a few a second. */
  readonly onRefused: (peer: string, why: string) => void;
}
