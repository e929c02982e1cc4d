import { TaskCommand } from "../shared/task-command.js";

export default class ColdLlm extends TaskCommand {
  static override summary = "Recommend brand-new items: the task of ColdLLM, with its competition.";

  static override description =
    "Ranks every item for every test user, in three settings: cold items only, warm items only, and both together. " +
    "The table, charts, per-case values and everything needed to repeat them go to a folder in runs/.";

  static override examples = [
    "<%= config.bin %> coldllm",
    "<%= config.bin %> coldllm --dataset ml-100k --data path/to/ml-100k --recommenders classic",
    "<%= config.bin %> coldllm --recommenders als,ease --set als.factors=64 --seeds 1,2,3 --json",
  ];

  protected readonly task = "cold-start" as const;
}
