import { LlmrecCommand } from "../shared/base.js";

export default class ModelsList extends LlmrecCommand {
  static override summary = "List the language models of this machine, and what --llm takes.";

  override async run(): Promise<unknown> {
    await this.parse(ModelsList);
    const { formatModels, installedModels } = await import("../../src/llm/installed.js");
    const models = await installedModels();
    this.log(formatModels(models));
    return { ...this.envelope(), models, warnings: this.progress.warnings };
  }
}
