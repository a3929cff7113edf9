// Runs once before all tests, outside of Jest's own module system.
import { installMissingTools } from './system.ts';

export default function prepareSystem() {
  installMissingTools();
}
