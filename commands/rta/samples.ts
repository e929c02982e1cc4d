import { Flags } from "@oclif/core";
import { DataCommand, dataFlags, datasetArg, settingFlag } from "../shared/data-command.js";

export default class RtaSamples extends DataCommand {
  static override summary = "Write what the recommender says in a data set's training dialogues.";

  static override description =
    "One JSON line each, as `llmrec models finetune` reads them: some turns, and what the recommender says next. A model that learns them knows how a platform talks.";

  static override examples = [
    "<%= config.bin %> rta samples world --to pairs.jsonl",
    "<%= config.bin %> rta samples inspired --data path/to/inspired --to pairs.jsonl",
  ];

  static override args = datasetArg;

  static override flags = {
    ...dataFlags,
    turns: Flags.integer({ summary: "The most turns before an answer.", default: 4, min: 0 }),
    to: Flags.string({ summary: "The file to write.", helpValue: "FILE", required: true }),
    set: settingFlag,
  };

  override async run(): Promise<unknown> {
    const { args, flags } = await this.parse(RtaSamples);
    const { parseSetting, resolveConfig } = await import("../../src/experiment/config.js");
    const { saveDialogueSamples } = await import("../../src/experiment/save-samples.js");
    const config = resolveConfig([
      { dataset: args.dataset, data: flags.data },
      ...flags.set.map(parseSetting),
    ]);
    const request = { config, file: flags.to, turns: flags.turns };
    const saved = await saveDialogueSamples(request, this.openOptions(flags));
    this.log(`${saved.file}: ${saved.samples} answers from ${saved.dataset}, ${saved.split}`);
    return { ...this.envelope(), ...saved, warnings: this.progress.warnings };
  }
}
