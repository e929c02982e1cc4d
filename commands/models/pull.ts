import { Args, Flags } from "@oclif/core";
import { LlmrecCommand } from "../shared/base.js";

export default class ModelsPull extends LlmrecCommand {
  static override summary = "Download a model of the Hugging Face Hub into the cache that Python uses too.";

  static override args = {
    model: Args.string({ description: "hf:ORG/NAME or hf:ORG/NAME@REVISION.", required: true }),
  };

  static override flags = {
    offline: Flags.boolean({ summary: "Never use the network: say where the model lies, if it is there." }),
  };

  override async run(): Promise<unknown> {
    const { args, flags } = await this.parse(ModelsPull);
    const [{ modelFolder }, { parseHubSpec }] = await Promise.all([
      import("../../src/llm/open.js"),
      import("../../src/llm/spec.js"),
    ]);
    const spec = parseHubSpec(args.model);
    const folder = await modelFolder(spec, { progress: this.progress, signal: this.signal }, flags);
    this.log(folder);
    return {
      ...this.envelope(),
      repository: spec.repository,
      revision: spec.revision,
      folder,
      warnings: this.progress.warnings,
    };
  }
}
