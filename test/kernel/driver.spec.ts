import { NetlinkDriver, NftDriver } from '#dataplane';

import { NetworkNamespace } from '../../libs/lab/network-namespace.ts';
import { driverContract, type DriverBench } from '../contract/driver-contract.ts';
import { describeKernel } from '../support/kernel.ts';
import type { Driver } from '#dataplane';

describeKernel('drivers of a real kernel', () => {
  driverContract('netlink', () => inNamespace((namespacePath) => new NetlinkDriver({ namespacePath })));
  driverContract('netlink without owning the table', () => inNamespace((namespacePath) => new NetlinkDriver({ namespacePath, ownsTable: false })));
  driverContract('netlink in one step', () => inNamespace((namespacePath) => new NetlinkDriver({ namespacePath, isNumbering: false })));
  driverContract('nft', () => inNamespace((namespacePath) => new NftDriver({ namespacePath })));
});

function inNamespace(open: (namespacePath: string) => Driver): DriverBench {
  const namespace = new NetworkNamespace();
  const driver = open(namespace.path);
  return {
    driver,
    close: () => {
      driver.close();
      namespace.close();
    },
  };
}
