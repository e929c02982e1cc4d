import { Flags } from "@oclif/core";
import { LlmrecCommand } from "../shared/base.js";
import { deviceFlags, useDevice } from "../shared/device.js";
import { offlineFlag } from "../shared/flags.js";

export default class ModelsFinetune extends LlmrecCommand {
  static override summary = "Train a LoRA adapter on prompts and completions.";

  static override description =
    'FILE holds on each line {"prompt": "...", "completion": "..."}. The adapter is written as PEFT does. A run that was stopped goes on by the same command.';

  static override flags = {
    file: Flags.string({ summary: "JSONL of pairs.", helpValue: "FILE", required: true }),
    out: Flags.string({ summary: "Folder of the adapter.", helpValue: "DIR", required: true }),
    llm: Flags.string({
      summary: "Base: embedded, hf:ORG/NAME or dir:PATH.",
      helpValue: "SPEC",
      default: "embedded",
    }),
    epochs: Flags.integer({ summary: "Passes over the pairs, at most.", default: 3, min: 1 }),
    rank: Flags.integer({ summary: "Rank of the adapter; alpha is twice the rank.", default: 8, min: 1 }),
    "learning-rate": Flags.string({ summary: "At its highest.", default: "0.001", helpValue: "X" }),
    "batch-size": Flags.integer({ summary: "Pairs of a step.", default: 16, min: 1 }),
    "held-out": Flags.string({
      summary: "Share of the pairs that is not learnt but judged.",
      default: "0.1",
      helpValue: "X",
    }),
    seed: Flags.integer({ summary: "Seed of the adapter, the order and the held-out pairs.", default: 1 }),
    offline: offlineFlag,
    ...deviceFlags,
  };

  override async run(): Promise<unknown> {
    const { flags } = await this.parse(ModelsFinetune);
    await useDevice(flags);
    const [{ finetuneFile, formatFinetuning }, { parseModelSpec }, { numberBetween }] = await Promise.all([
      import("../../src/llm/training/finetune-file.js"),
      import("../../src/llm/spec.js"),
      import("../../src/core/typed-number.js"),
    ]);
    const report = await finetuneFile(
      {
        model: parseModelSpec(flags.llm),
        file: flags.file,
        out: flags.out,
        epochs: flags.epochs,
        rank: flags.rank,
        learningRate: numberBetween("--learning-rate", flags["learning-rate"], 0, 1),
        batchSize: flags["batch-size"],
        heldOut: numberBetween("--held-out", flags["held-out"], 0, 0.9),
        seed: flags.seed,
        offline: flags.offline,
      },
      { progress: this.progress, signal: this.signal },
    );
    this.log(formatFinetuning(report));
    return { ...this.envelope(), ...report, warnings: this.progress.warnings };
  }
}
