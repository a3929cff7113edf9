/** What every command answers to the shell: fine, findings (something a person should look at), bad usage or input. */
export const ExitCode = { fine: 0, findings: 1, badInput: 2 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
