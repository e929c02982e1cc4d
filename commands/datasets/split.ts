import { Flags } from "@oclif/core";
import { DataCommand, dataFlags, datasetArg } from "../shared/data-command.js";

export default class DatasetsSplit extends DataCommand {
  static override summary = "Split a data set, check it for leaks and save it as a Parquet file.";

  static override examples = [
    "<%= config.bin %> datasets split ml-100k --data path/to/ml-100k --split global-time --to split.parquet",
    "<%= config.bin %> datasets split ratings.csv --split k-fold --set split.folds=10 --set split.fold=3 --to fold3.parquet",
  ];

  static override args = datasetArg;

  static override flags = {
    ...dataFlags,
    split: Flags.string({
      summary: "Strategy: cold-item, global-time, ratio, ...",
      helpValue: "NAME",
      required: true,
    }),
    set: Flags.string({
      summary: "Set an option of the split or of a filter.",
      helpValue: "NAME.NAME=VALUE",
      multiple: true,
      multipleNonGreedy: true,
      default: [],
    }),
    to: Flags.string({ summary: "The file to write.", helpValue: "FILE", required: true }),
  };

  override async run(): Promise<unknown> {
    const { args, flags } = await this.parse(DatasetsSplit);
    const { parseSetting, resolveConfig } = await import("../../src/experiment/config.js");
    const { saveSplit } = await import("../../src/experiment/save-split.js");
    const config = resolveConfig([
      { dataset: args.dataset, data: flags.data, split: { name: flags.split } },
      ...flags.set.map(parseSetting),
    ]);
    const saved = await saveSplit(config, flags.to, this.openOptions(flags));
    const parts = Object.entries(saved.interactions).map(([part, count]) => `${part} ${count}`);
    this.log(
      `${saved.file}: ${saved.description}, ${parts.join(", ")}; ${saved.coldItems} cold items, ${saved.coldUsers} cold users`,
    );
    return { ...this.envelope(), ...saved, warnings: this.progress.warnings };
  }
}
