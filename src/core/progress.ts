/** Tells on stderr what is being done. Results never go through here: they go to stdout. */
export interface Progress {
  /** A step of work that may take over two seconds. `total` unknown: give undefined. */
  start(label: string, total?: number): ProgressStep;
  /** A line that should be read. Also kept for the JSON result. */
  warn(message: string): void;
  /** A line that may be read. */
  note(message: string): void;
  readonly warnings: readonly string[];
}

export interface ProgressStep {
  /** @param done - how many of `total` are done so far; `detail` is shown beside it (a loss, a rate). */
  update(done: number, detail?: string): void;
  end(detail?: string): void;
}

export interface ProgressOptions {
  stream?: { write(text: string): unknown; isTTY?: boolean };
  quiet?: boolean;
  /** Milliseconds before a task is worth a line. */
  patience?: number;
}

const idle: ProgressStep = { update: () => undefined, end: () => undefined };

/** Says nothing, but keeps the warnings. */
export function silentProgress(): Progress {
  const warnings: string[] = [];
  return {
    start: () => idle,
    warn: (message) => void warnings.push(message),
    note: () => undefined,
    warnings,
  };
}

/**
 * Progress for a person or a log. On a terminal one line is rewritten in place; elsewhere a plain line is written when
 * a task has run for two seconds, then at most every ten, and when it ends.
 */
export function createProgress(options: ProgressOptions = {}): Progress {
  const stream = options.stream ?? process.stderr;
  const patience = options.patience ?? 2000;
  const live = stream.isTTY === true && process.env.CI === undefined;
  const warnings: string[] = [];
  let open = false;
  const line = (text: string) => {
    if (open) stream.write("\r\x1b[2K");
    open = false;
    stream.write(text + "\n");
  };

  return {
    warnings,
    warn(message) {
      warnings.push(message);
      line(`warning: ${message}`);
    },
    note(message) {
      if (!options.quiet) line(message);
    },
    start(label, total) {
      if (options.quiet) return idle;
      const began = performance.now();
      let shown = began;
      let spoke = false;
      const text = (done: number, detail: string | undefined) => {
        const share = total === undefined ? String(done) : `${String(done)}/${String(total)}`;
        const seconds = ((performance.now() - began) / 1000).toFixed(0);
        return `${label}: ${share} ${detail ?? ""} (${seconds} s)`.replace("  ", " ");
      };
      return {
        update(done, detail) {
          const now = performance.now();
          if (live) {
            if (now - shown < 100) return;
            stream.write("\r\x1b[2K" + text(done, detail));
            open = true;
          } else {
            if (now - began < patience || (spoke && now - shown < 10_000)) return;
            line(text(done, detail));
          }
          shown = now;
          spoke = true;
        },
        end(detail) {
          if (!spoke && performance.now() - began < patience) return;
          const seconds = ((performance.now() - began) / 1000).toFixed(1);
          line(`${label}: done in ${seconds} s${detail === undefined ? "" : `, ${detail}`}`);
        },
      };
    },
  };
}
