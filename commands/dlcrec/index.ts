import { Flags } from "@oclif/core";
import { TaskCommand, taskFlags } from "../shared/task-command.js";

export default class DlcRec extends TaskCommand {
  static override summary =
    "Recommend lists of as many genres as the user wants: the task of DLCRec, with its competition.";

  static override description =
    "After ten films that a user liked, everybody names ten more: first as they think best, then with exactly 2, 5 and 8 genres. " +
    "Scored are the next ten films that the user did like, and how far the list's number of genres is from the wish. " +
    "The table, charts, per-case values and everything needed to repeat them go to a folder in runs/.";

  static override examples = [
    "<%= config.bin %> dlcrec --recommenders control,fpmc",
    "<%= config.bin %> dlcrec --recommenders dlcrec --stage gp",
    "<%= config.bin %> dlcrec --dataset ml-100k --data path/to/ml-100k --recommenders popularity,popular-in-genre,fpmc",
  ];

  static override flags = {
    ...taskFlags,
    stage: Flags.option({
      options: ["gp", "gf", "ip"] as const,
      summary: "Stop once this stage's answers are in the run folder; without it the run goes on from there.",
    })(),
  };

  protected readonly task = "controlled-list" as const;

  protected override readonly defaults = { ks: [10] };

  override async run(): Promise<unknown> {
    const { flags } = await this.parse(DlcRec);
    if (flags.stage === undefined) return super.run();
    const { runListStage } = await import("../../src/experiment/list-stages.js");
    const { renderListStage } = await import("../../src/report/list-stages.js");
    const result = await runListStage(await this.taskRequest(), flags.stage);
    this.log(renderListStage(result));
    const { folder, stage, answers } = result;
    const run = { id: folder.id, dir: folder.path };
    return { ...this.envelope(), run, stage, answers, warnings: this.progress.warnings };
  }
}
