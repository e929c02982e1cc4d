import { Args, Flags } from "@oclif/core";
import { LlmrecCommand } from "./shared/base.js";
import { terminal } from "./shared/terminal.js";

export default class Compare extends LlmrecCommand {
  static override summary = "Show runs side by side, each against the first.";

  static override examples = [
    "<%= config.bin %> compare runs/coldllm-world-1a2b3c4d runs/coldllm-world-5e6f7a8b",
    "<%= config.bin %> compare runs/coldllm-* --format tex",
  ];

  static override strict = false;

  static override args = { run: Args.string({ description: "Run folders, two or more.", required: true }) };

  static override flags = {
    format: Flags.option({
      options: ["text", "md", "csv", "tex", "json"] as const,
      default: "text" as const,
      summary: "Form of the table.",
    })(),
  };

  override async run(): Promise<unknown> {
    const { flags, argv } = await this.parse(Compare);
    const { compareFolders } = await import("../src/report/compare-folders.js");
    const compared = await compareFolders(argv as string[], flags.format, terminal());
    for (const warning of compared.warnings) this.progress.warn(warning);
    this.log(compared.text.trimEnd());
    return { ...this.envelope(), ...compared.json, warnings: this.progress.warnings };
  }
}
