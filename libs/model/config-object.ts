import type { Labels } from './labels.ts';
import type { Origin } from './origin.ts';
import type { SecretText } from './secret-text.ts';

export interface ConfigMap {
  readonly namespace: string;
  readonly name: string;
  readonly data: Readonly<Record<string, string>>;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly origin: Origin;
}

export interface Secret {
  readonly namespace: string;
  readonly name: string;
  readonly data: Readonly<Record<string, SecretText>>;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly origin: Origin;
}
