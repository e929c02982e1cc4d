import { Flags } from "@oclif/core";
import { DataCommand, dataFlags, datasetArg, settingFlag } from "../shared/data-command.js";

export default class ColdLlmSamples extends DataCommand {
  static override summary = "Write ColdLLM's Yes/No questions about a data set's training interactions.";

  static override description =
    "One JSON line each, as `llmrec models finetune` reads them: a user's history and an item, with Yes for one of the user's own items and No for another.";

  static override examples = ["<%= config.bin %> coldllm samples world --count 1000 --to pairs.jsonl"];

  static override args = datasetArg;

  static override flags = {
    ...dataFlags,
    count: Flags.integer({ summary: "Questions; half of them Yes.", default: 1000, min: 2 }),
    history: Flags.integer({ summary: "The most items of a history.", default: 10, min: 1 }),
    noun: Flags.string({ summary: "What an item is called.", helpValue: "WORD", default: "film" }),
    seed: Flags.integer({ summary: "Seed of the draws.", default: 1 }),
    to: Flags.string({ summary: "The file to write.", helpValue: "FILE", required: true }),
    set: settingFlag,
  };

  override async run(): Promise<unknown> {
    const { args, flags } = await this.parse(ColdLlmSamples);
    const { parseSetting, resolveConfig } = await import("../../src/experiment/config.js");
    const { saveSamples } = await import("../../src/experiment/save-samples.js");
    const config = resolveConfig([
      { dataset: args.dataset, data: flags.data },
      ...flags.set.map(parseSetting),
    ]);
    const { count, history, noun, seed } = flags;
    const request = { config, file: flags.to, count: 2 * Math.ceil(count / 2), history, noun, seed };
    const saved = await saveSamples(request, this.openOptions(flags));
    this.log(`${saved.file}: ${saved.samples} questions about ${saved.dataset}, ${saved.split}`);
    return { ...this.envelope(), ...saved, warnings: this.progress.warnings };
  }
}
