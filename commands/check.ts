import { Args, Flags } from "@oclif/core";
import { EXIT, RegressionError } from "../src/core/errors.js";
import { LlmrecCommand } from "./shared/base.js";

export default class Check extends LlmrecCommand {
  static override summary = "Fail when quality fell below a baseline: the gate for CI.";

  static override description =
    "Compares finished runs with a baseline file: every metric exactly and in its own direction. Ends with exit code 5 " +
    "where a figure got worse, where a metric, a row or a data set is missing, where a figure is no number, and where " +
    "nothing was measured. On GitHub the result also goes to the job's summary page.";

  static override examples = [
    "<%= config.bin %> check --baseline baseline.json runs/coldllm-world-1a2b3c4d",
    "<%= config.bin %> check --baseline baseline.json --junit check.xml",
    "<%= config.bin %> check --baseline baseline.json --update",
  ];

  static override strict = false;

  static override args = { run: Args.string({ description: "Run folders; every run in --out without." }) };

  static override flags = {
    baseline: Flags.string({
      summary: "File of the figures to hold, kept in your repository.",
      helpValue: "FILE",
      required: true,
    }),
    out: Flags.string({ summary: "Folder of run folders.", helpValue: "DIR", default: "runs" }),
    update: Flags.boolean({ summary: "Write the runs as the new baseline, and print what moved." }),
    "max-slowdown": Flags.string({
      summary: "Fail where a recommender takes more than so many times the baseline's seconds.",
      helpValue: "TIMES",
    }),
    junit: Flags.string({ summary: "Write the checks as JUnit XML.", helpValue: "FILE" }),
    "benchmark-json": Flags.string({
      summary: "Write bigger-is-better.json and smaller-is-better.json for github-action-benchmark.",
      helpValue: "DIR",
    }),
  };

  override async run(): Promise<unknown> {
    const { flags, argv } = await this.parse(Check);
    const { checkRuns, parseSlowdown } = await import("../src/report/check/check.js");
    const { text, ...outcome } = await checkRuns({
      baseline: flags.baseline,
      runs: argv as string[],
      out: flags.out,
      update: flags.update,
      maxSlowdown: parseSlowdown(flags["max-slowdown"]),
      junit: flags.junit,
      benchmark: flags["benchmark-json"],
      stepSummary: process.env.GITHUB_STEP_SUMMARY,
    });
    this.log(text.trimEnd());
    const result = { ...this.envelope(), ...outcome, warnings: this.progress.warnings };
    if (outcome.passed) return result;
    // The findings belong to the result also where the gate fails, so the error is told beside them, not thrown.
    process.exitCode = EXIT.regression;
    const error = new RegressionError("CHECK_FAILED", outcome.summary).toReport();
    if (!this.jsonEnabled()) process.stderr.write(`error: ${error.message}\n`);
    return { ...result, error };
  }
}
