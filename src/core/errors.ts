/**
 * Errors that a user can act on. Each says what was wrong, where, and what to do; its class fixes the exit code,
 * so that a script can tell a typing error from bad data and a lost server from a failed gate.
 */

/** The process exit code of each kind of failure (0 is success, 1 an unexpected error: a bug of ours). */
export const EXIT = {
  unexpected: 1,
  usage: 2,
  data: 3,
  provider: 4,
  regression: 5,
  budget: 6,
  interrupted: 130,
} as const;

export type FailureKind = keyof typeof EXIT;

/** Where in the user's input the fault lies. Lines and columns count from 1; a column of a table is its name. */
export interface ErrorPlace {
  file?: string;
  line?: number;
  column?: number | string;
}

export interface ErrorDetails extends ErrorPlace {
  /** What the user can do about it: one sentence, imperative. */
  hint?: string;
  cause?: unknown;
}

/** The JSON form of a failure (`--json`). */
export interface ErrorReport {
  code: string;
  exit: number;
  message: string;
  file: string | null;
  line: number | null;
  column: number | string | null;
  hint: string | null;
}

/** A failure with an exit code, a place and a hint. Throw one of its subclasses. */
export class LlmrecError extends Error {
  readonly exit: number;
  readonly place: ErrorPlace;
  readonly hint: string | undefined;

  constructor(
    readonly kind: FailureKind,
    /** Stable, upper-case name that scripts may match, such as `UNKNOWN_DATASET`. */
    readonly code: string,
    message: string,
    details: ErrorDetails = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.exit = EXIT[kind];
    this.place = { file: details.file, line: details.line, column: details.column };
    this.hint = details.hint;
  }

  toReport(): ErrorReport {
    return {
      code: this.code,
      exit: this.exit,
      message: this.message,
      file: this.place.file ?? null,
      line: this.place.line ?? null,
      column: this.place.column ?? null,
      hint: this.hint ?? null,
    };
  }
}

/** Wrong flags, options or configuration: exit 2. */
export class UsageError extends LlmrecError {
  constructor(code: string, message: string, details?: ErrorDetails) {
    super("usage", code, message, details);
  }
}

/** Input that can't be read or must not be used, a failed leak check: exit 3. */
export class DataError extends LlmrecError {
  constructor(code: string, message: string, details?: ErrorDetails) {
    super("data", code, message, details);
  }
}

/** A language model or its server failed: exit 4. */
export class ProviderError extends LlmrecError {
  constructor(code: string, message: string, details?: ErrorDetails) {
    super("provider", code, message, details);
  }
}

/** A regression gate failed: exit 5. */
export class RegressionError extends LlmrecError {
  constructor(code: string, message: string, details?: ErrorDetails) {
    super("regression", code, message, details);
  }
}

/** A budget or an error limit is spent; what was done is kept and the same command resumes: exit 6. */
export class BudgetError extends LlmrecError {
  constructor(code: string, message: string, details?: ErrorDetails) {
    super("budget", code, message, details);
  }
}

/** Ctrl-C; what was done is kept and the same command resumes: exit 130. */
export class InterruptedError extends LlmrecError {
  constructor() {
    super("interrupted", "INTERRUPTED", "stopped by Ctrl-C", {
      hint: "The finished stages are kept: run the same command again to go on.",
    });
  }
}

/** Any thrown value as a report; what is not ours is unexpected (exit 1). */
export function reportOf(error: unknown): ErrorReport {
  if (error instanceof LlmrecError) return error.toReport();
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: "UNEXPECTED",
    exit: EXIT.unexpected,
    message,
    file: null,
    line: null,
    column: null,
    hint: null,
  };
}

/** "FILE:LINE:COLUMN: message" with the parts that are known, then the hint on a line of its own. */
export function formatError(report: ErrorReport): string {
  const place = [report.file, report.line, report.column].filter((part) => part !== null).join(":");
  const head = place === "" ? report.message : `${place}: ${report.message}`;
  return report.hint === null ? head : `${head}\n  ${report.hint}`;
}

/** Throws {@link InterruptedError} when the signal is aborted: call between units of work of about a second. */
export function throwIfInterrupted(signal: AbortSignal): void {
  if (signal.aborted) throw new InterruptedError();
}
