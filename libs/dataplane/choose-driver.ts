import type { Driver, DriverName } from './driver.ts';
import { IptablesDriver } from './iptables/iptables-driver.ts';
import { NetlinkDriver } from './nftables/netlink-driver.ts';
import { NftDriver } from './nftables/nft-driver.ts';

export interface DriverChoice {
  readonly driver: Driver;
  /** Why this one, and what stood in the way of better ones; for the log and the report. */
  readonly why: readonly string[];
}

export interface DriverWish {
  readonly namespacePath?: string;
  /** Only this one, where it is usable. */
  readonly only?: Exclude<DriverName, 'fake'>;
}

interface Candidate {
  readonly name: Exclude<DriverName, 'fake'>;
  readonly open: (options: { readonly namespacePath?: string }) => Driver;
}

const candidates: readonly Candidate[] = [
  { name: 'netlink', open: (options) => new NetlinkDriver(options) },
  { name: 'nft', open: (options) => new NftDriver(options) },
  { name: 'iptables', open: (options) => new IptablesDriver(options) },
];

/**
 * Finds the best driver that works here, by trying: each has to read our table from the kernel.
 *
 * Throws where none does, with what stood in the way of each.
 */
export function chooseDriver({ namespacePath, only }: DriverWish = {}): DriverChoice {
  const why: string[] = [];
  for (const { name, open } of candidates.filter((candidate) => only === undefined || candidate.name === only)) {
    try {
      const driver = open(namespacePath === undefined ? {} : { namespacePath });
      try {
        driver.readNote();
        return { driver, why: [...why, `${name}: works${only === undefined ? '' : ', and was asked for'}${driver.capabilities.ownsTable ? '; the table is ours alone' : ''}`] };
      } catch (error) {
        driver.close();
        throw error;
      }
    } catch (error) {
      why.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(`choose a driver: none works here: ${why.join('; ')}`);
}
