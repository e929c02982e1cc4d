import { Flags } from "@oclif/core";
import { LlmrecCommand } from "../shared/base.js";
import { deviceFlags, useDevice } from "../shared/device.js";

export default class ModelsPretrain extends LlmrecCommand {
  static override summary = "Make the embedded language model from nothing: corpus, tokenizer, weights.";

  static override description =
    "Texts about the embedded world are written from fixed seeds, so that the same command makes the same model. A run that was stopped goes on by the same command.";

  static override flags = {
    out: Flags.string({ summary: "Folder of the model.", helpValue: "DIR", required: true }),
    twin: Flags.boolean({ summary: "The twin: told false facts of directors, else the same." }),
    seed: Flags.integer({ summary: "Seed of the weights and of the order.", default: 1 }),
    ...deviceFlags,
  };

  override async run(): Promise<unknown> {
    const { flags } = await this.parse(ModelsPretrain);
    await useDevice(flags);
    const { makeWorldModel } = await import("../../src/experiment/pretraining/make-model.js");
    const context = { progress: this.progress, signal: this.signal };
    const model = await makeWorldModel(
      flags.out,
      { twin: flags.twin, recipe: { seed: flags.seed } },
      context,
    );
    this.log(flags.out);
    return {
      ...this.envelope(),
      folder: flags.out,
      ...model,
      warnings: this.progress.warnings,
    };
  }
}
