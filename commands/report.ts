import { Args, Flags } from "@oclif/core";
import { LlmrecCommand } from "./shared/base.js";

export default class Report extends LlmrecCommand {
  static override summary = "Write finished runs as one HTML page: tables, charts, significance, samples.";

  static override description =
    "The page is one file that needs no network: sortable scoreboards, charts, cost against quality, declared comparisons, " +
    "samples of cases with everyone's answers, the manifest and how to reproduce it. Runs of the same task, data and split " +
    "are also put side by side.";

  static override examples = [
    "<%= config.bin %> report runs/coldllm-world-1a2b3c4d",
    "<%= config.bin %> report runs/* --to report.html",
  ];

  static override strict = false;

  static override args = { run: Args.string({ description: "Run folders, one or more.", required: true }) };

  static override flags = {
    to: Flags.string({
      summary: "File to write; in the run's folder, or report.html here for several runs.",
      helpValue: "FILE",
    }),
  };

  override async run(): Promise<unknown> {
    const { flags, argv } = await this.parse(Report);
    const { writeReport } = await import("../src/report/html/report.js");
    const written = await writeReport(argv as string[], flags.to);
    this.log(written.file);
    return { ...this.envelope(), ...written, warnings: this.progress.warnings };
  }
}
