import { join } from "node:path";
import { Command, Errors, Flags } from "@oclif/core";
import {
  EXIT,
  formatError,
  InterruptedError,
  reportOf,
  UsageError,
  type ErrorReport,
} from "../../src/core/errors.js";
import { createProgress, type Progress } from "../../src/core/progress.js";
import { endWithParent } from "../../src/core/worker.js";

/**
 * What every command shares: the result on stdout and all else on stderr, one JSON object under `--json` whether it
 * succeeds or fails, the exit code of each failure, and Ctrl-C that lets the work save itself.
 */
export abstract class LlmrecCommand extends Command {
  static override enableJsonFlag = true;

  static override baseFlags = {
    quiet: Flags.boolean({ char: "q", summary: "No progress on stderr; warnings and errors stay." }),
  };

  private currentProgress: Progress | undefined;
  private readonly interruption = new AbortController();

  /** Aborted by Ctrl-C. */
  protected get signal(): AbortSignal {
    return this.interruption.signal;
  }

  protected get progress(): Progress {
    this.currentProgress ??= createProgress({
      quiet: this.argv.includes("--quiet") || this.argv.includes("-q"),
    });
    return this.currentProgress;
  }

  /** Folder of downloaded data sets. */
  protected get datasetCache(): string {
    return join(this.config.cacheDir, "datasets");
  }

  /** The head of every JSON object that this command prints. */
  protected envelope(): { schemaVersion: 1; command: string } {
    return { schemaVersion: 1, command: (this.id ?? "").replaceAll(":", " ") };
  }

  protected override async init(): Promise<void> {
    await super.init();
    endWithParent();
    process.on("SIGINT", this.onInterrupt);
    process.on("SIGTERM", this.onInterrupt);
  }

  /** The first Ctrl-C asks the work to stop where it can go on later; the second ends the process at once. */
  private readonly onInterrupt = (): void => {
    if (this.signal.aborted) process.exit(EXIT.interrupted);
    this.interruption.abort(new InterruptedError());
    if (!this.jsonEnabled()) process.stderr.write("\nstopping; press Ctrl-C again to stop at once\n");
  };

  protected override catch(error: Error): Promise<void> {
    const report = this.reportOf(error);
    process.exitCode = report.exit;
    if (this.jsonEnabled()) {
      this.logJson({ ...this.envelope(), error: report, warnings: this.progress.warnings });
      return Promise.resolve();
    }
    process.stderr.write(`error: ${formatError(report)}\n`);
    const unexpected = report.exit === EXIT.unexpected;
    if (unexpected && error.stack !== undefined) process.stderr.write(`${error.stack}\n`);
    return Promise.resolve();
  }

  private reportOf(error: Error): ErrorReport {
    if (error instanceof Errors.CLIError && error.oclif.exit === EXIT.usage) {
      // Oclif's own complaint about flags; its first line says it, the rest repeats the help.
      const message = error.message.replace(/\n?See more help with --help\s*$/, "").trim();
      return new UsageError("BAD_FLAGS", message, {
        hint: `See llmrec ${this.envelope().command} --help.`,
      }).toReport();
    }
    return reportOf(this.signal.aborted && error.name === "AbortError" ? new InterruptedError() : error);
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    process.off("SIGINT", this.onInterrupt);
    process.off("SIGTERM", this.onInterrupt);
    await super.finally(error);
  }
}
