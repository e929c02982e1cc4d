import { TaskCommand } from "../shared/task-command.js";

export default class ExplainCtr extends TaskCommand {
  static override summary =
    "Predict whether a user will like an item: the task of ExpCTR, with its competition.";

  static override description =
    "Each test pair of a user and an item gets the probability of a like, judged by AUC, GAUC, log loss and calibration. " +
    "Classic click-through models and controls take part; the rows of ExpCTR, which explain themselves, do so where they are named (docs/explainctr.md). " +
    "The table, charts, per-case values and everything needed to repeat them go to a folder in runs/.";

  static override examples = [
    "<%= config.bin %> explainctr",
    "<%= config.bin %> explainctr --dataset ml-100k --data path/to/ml-100k --recommenders control,deepfm",
    "<%= config.bin %> explainctr --recommenders control,deepfm,expctr-llm-untrained,expctr-llm,expctr-aug,expctr-aug-shuffled",
    "<%= config.bin %> explainctr --set task.threshold=5 --set deepfm.embedding=8 --seeds 1,2,3 --json",
  ];

  protected readonly task = "ctr" as const;
}
