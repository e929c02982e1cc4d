import { LlmrecCommand } from "../shared/base.js";
import { datasetArg } from "../shared/data-command.js";

export default class DatasetsInfo extends LlmrecCommand {
  static override summary = "Show a data set's source, licence, citation and files.";

  static override args = datasetArg;

  override async run(): Promise<unknown> {
    const { args } = await this.parse(DatasetsInfo);
    const { describeDataset, formatDataset } = await import("../../src/data/catalogue.js");
    const dataset = await describeDataset(args.dataset);
    this.log(formatDataset(dataset));
    return { ...this.envelope(), dataset, warnings: this.progress.warnings };
  }
}
