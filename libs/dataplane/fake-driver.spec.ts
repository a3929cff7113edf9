import { driverContract } from '../../test/contract/driver-contract.ts';
import { FakeDriver } from './fake-driver.ts';

driverContract('fake', () => {
  const driver = new FakeDriver();
  return {
    driver,
    close: () => {
      driver.close();
    },
  };
});
