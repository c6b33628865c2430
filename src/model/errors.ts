/**
 * The one error class. A user's mistake is a finding, not an error; errors are for what a program cannot go on with,
 * and carry the exit code of the command line.
 */
export const ExitCode = { ok: 0, usage: 64, badData: 65, unavailable: 69, findings: 79 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

export type ErrorCode = 'USAGE' | 'BAD_DATA' | 'UNAVAILABLE' | 'STATE' | 'CONFIG_REJECTED' | 'INTERNAL';

const exitCodes: Record<ErrorCode, ExitCode> = {
  USAGE: ExitCode.usage,
  BAD_DATA: ExitCode.badData,
  UNAVAILABLE: ExitCode.unavailable,
  STATE: ExitCode.unavailable,
  CONFIG_REJECTED: ExitCode.badData,
  INTERNAL: ExitCode.unavailable,
};

export class IsthmusError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.name = 'IsthmusError';
    this.code = code;
  }

  get exitCode(): ExitCode {
    return exitCodes[this.code];
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
