import { availableParallelism } from "node:os";
import { Args, Flags } from "@oclif/core";
import { LlmrecError, type FailureKind, EXIT } from "../src/core/errors.js";
import { LlmrecCommand } from "./shared/base.js";
import { taskCommands } from "./shared/task-commands.js";
import { terminal } from "./shared/terminal.js";
import { offlineFlag } from "./shared/flags.js";

export default class SweepCommand extends LlmrecCommand {
  static override summary = "Run a grid of configurations, on this machine or as a Slurm job array.";

  static override description =
    "The file names a command, settings of all runs and a grid: every combination is a run, in a process of its own. The same " +
    "command goes on where a stopped or killed sweep was; runs that failed are tried again. Results are merged into results.csv.";

  static override examples = [
    "<%= config.bin %> sweep sweep.yaml --jobs 2",
    "<%= config.bin %> sweep sweep.yaml --launcher slurm",
    "<%= config.bin %> sweep sweep.yaml --merge",
  ];

  static override args = { file: Args.string({ description: "YAML file of the sweep.", required: true }) };

  static override flags = {
    out: Flags.string({ summary: "Folder of sweep folders.", helpValue: "DIR", default: "sweeps" }),
    jobs: Flags.integer({
      summary: "Runs at once; half of the cores on this machine, no limit with Slurm.",
      helpValue: "N",
      min: 1,
    }),
    launcher: Flags.option({
      options: ["local", "slurm"] as const,
      default: "local" as const,
      summary: "Who runs the processes.",
    })(),
    only: Flags.integer({ summary: "Run only the run of this number.", helpValue: "N", min: 1 }),
    merge: Flags.boolean({ summary: "Only merge what is finished." }),
    offline: offlineFlag,
  };

  override async run(): Promise<unknown> {
    const { args, flags } = await this.parse(SweepCommand);
    const { runSweep } = await import("../src/report/sweep.js");
    const { text, failed, ...outcome } = await runSweep({
      file: args.file,
      commands: await taskCommands(this.config),
      out: flags.out,
      jobs: flags.jobs ?? (flags.launcher === "local" ? Math.ceil(availableParallelism() / 2) : undefined),
      launcher: flags.merge ? null : flags.launcher,
      only: flags.only,
      program: process.argv[1],
      offline: flags.offline,
      progress: this.progress,
      signal: this.signal,
      terminal: terminal(),
    });
    this.log(text);
    const result = { ...this.envelope(), ...outcome, failed, warnings: this.progress.warnings };
    if (failed.length === 0) return result;
    const [first] = failed;
    const kind =
      (Object.keys(EXIT) as FailureKind[]).find((name) => EXIT[name] === first.exit) ?? "unexpected";
    const error = new LlmrecError(
      kind,
      "SWEEP_FAILED",
      `${failed.length} of ${outcome.total} runs failed: ${failed.map(({ number }) => number).join(", ")}`,
      { file: first.logFile, hint: first.message },
    ).toReport();
    // The finished runs are a result also where others failed, so the error is told beside them, not thrown.
    process.exitCode = error.exit;
    if (!this.jsonEnabled())
      process.stderr.write(`error: ${error.message}\n  ${first.logFile}: ${first.message}\n`);
    return { ...result, error };
  }
}
