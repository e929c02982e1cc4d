import { TaskCommand } from "../shared/task-command.js";

export default class DlcRec extends TaskCommand {
  static override summary =
    "Recommend lists of as many genres as the user wants: the task of DLCRec, with its competition.";

  static override description =
    "After ten films that a user liked, everybody names ten more: first as they think best, then with exactly 2, 5 and 8 genres. " +
    "Scored are the next ten films that the user did like, and how far the list's number of genres is from the wish. " +
    "The table, charts, per-case values and everything needed to repeat them go to a folder in runs/.";

  static override examples = [
    "<%= config.bin %> dlcrec --recommenders control,fpmc",
    "<%= config.bin %> dlcrec --dataset ml-100k --data path/to/ml-100k --recommenders popularity,popular-in-genre,fpmc",
  ];

  protected readonly task = "controlled-list" as const;

  protected override readonly defaults = { ks: [10] };
}
