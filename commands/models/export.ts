import { Flags } from "@oclif/core";
import { LlmrecCommand } from "../shared/base.js";
import { offlineFlag } from "../shared/flags.js";

export default class ModelsExport extends LlmrecCommand {
  static override summary =
    "Write a model as a folder for others: safetensors for Python's transformers, ONNX for transformers.js.";

  static override flags = {
    llm: Flags.string({
      summary: "embedded, hf:ORG/NAME or dir:PATH.",
      helpValue: "SPEC",
      default: "embedded",
    }),
    out: Flags.string({ summary: "Folder to write.", helpValue: "DIR", required: true }),
    adapter: Flags.string({ summary: "A LoRA adapter to be added for good.", helpValue: "DIR" }),
    weights: Flags.option({
      options: ["fp32", "q8", "q4"] as const,
      summary: "Weights of the ONNX graph.",
      default: "fp32",
    })(),
    offline: offlineFlag,
  };

  override async run(): Promise<unknown> {
    const { flags } = await this.parse(ModelsExport);
    const [{ exportModel }, { parseModelSpec }] = await Promise.all([
      import("../../src/llm/inference/export-model.js"),
      import("../../src/llm/spec.js"),
    ]);
    const { llm, out, adapter, weights, offline } = flags;
    const request = { model: parseModelSpec(llm), out, adapter, weights, offline };
    await exportModel(request, { progress: this.progress, signal: this.signal });
    this.log(out);
    return { ...this.envelope(), model: llm, folder: out, weights, warnings: this.progress.warnings };
  }
}
