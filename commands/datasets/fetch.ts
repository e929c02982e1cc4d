import { DataCommand, dataFlags, datasetArg } from "../shared/data-command.js";

export default class DatasetsFetch extends DataCommand {
  static override summary = "Download a data set into the cache, verified, after showing its licence.";

  static override args = datasetArg;

  static override flags = { offline: dataFlags.offline };

  override async run(): Promise<unknown> {
    const { args, flags } = await this.parse(DatasetsFetch);
    const { fetchDataset } = await import("../../src/data/catalogue.js");
    const fetched = await fetchDataset(args.dataset, this.openOptions(flags));
    this.log(fetched.folder);
    return { ...this.envelope(), ...fetched, warnings: this.progress.warnings };
  }
}
