import { LlmrecCommand } from "../shared/base.js";

export default class DatasetsList extends LlmrecCommand {
  static override summary = "List the data sets that the program knows.";

  override async run(): Promise<unknown> {
    await this.parse(DatasetsList);
    const { formatDatasetList, listDatasets } = await import("../../src/data/catalogue.js");
    const datasets = await listDatasets();
    this.log(formatDatasetList(datasets));
    return { ...this.envelope(), datasets, warnings: this.progress.warnings };
  }
}
