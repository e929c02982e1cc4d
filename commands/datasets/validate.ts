import { DataCommand, dataFlags, datasetArg } from "../shared/data-command.js";

export default class DatasetsValidate extends DataCommand {
  static override summary = "Read a data set and show its counts, distributions and oddities.";

  static override args = datasetArg;

  static override flags = dataFlags;

  override async run(): Promise<unknown> {
    const { args, flags } = await this.parse(DatasetsValidate);
    const { validateDataset } = await import("../../src/data/catalogue.js");
    const { formatProfile } = await import("../../src/data/validate.js");
    const profile = await validateDataset(args.dataset, this.openOptions(flags));
    this.log(formatProfile(profile));
    return { ...this.envelope(), profile, warnings: this.progress.warnings };
  }
}
