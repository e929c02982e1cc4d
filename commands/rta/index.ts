import { TaskCommand } from "../shared/task-command.js";

export default class Rta extends TaskCommand {
  static override summary =
    "Recommend in conversations: the task of Reindex-Then-Adapt, with its competition.";

  static override description =
    "At each turn of a test dialogue in which something was recommended, every item of the catalogue is ranked by what was " +
    "said before. Items already named are left out of the ranking; columns apart keep them. " +
    "The table, charts, per-case values and everything needed to repeat them go to a folder in runs/.";

  static override examples = [
    "<%= config.bin %> rta",
    "<%= config.bin %> rta --dataset inspired --data path/to/inspired --recommenders control,bm25",
  ];

  protected readonly task = "conversation" as const;

  protected override readonly defaults = { ks: [1, 5, 10, 20, 50] };
}
