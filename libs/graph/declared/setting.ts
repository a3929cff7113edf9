/** A named value beside others: an environment variable, a flag, a line of a configuration file. */
export interface Setting {
  readonly key: string;
  readonly value: string;
  readonly position: number;
}
