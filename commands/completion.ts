import { Args } from "@oclif/core";
import { LlmrecCommand } from "./shared/base.js";
import { type Completable, completionScript } from "./shared/completion.js";

const SHELLS = ["bash", "zsh", "fish"] as const;

export default class Completion extends LlmrecCommand {
  static override summary = "Print a script that lets your shell complete commands and flags.";

  static override examples = [
    'eval "$(<%= config.bin %> completion bash)"',
    "<%= config.bin %> completion fish > ~/.config/fish/completions/llmrec.fish",
  ];

  static override args = {
    shell: Args.string({ description: "bash, zsh or fish.", required: true, options: [...SHELLS] }),
  };

  override async run(): Promise<unknown> {
    const { args } = await this.parse(Completion);
    const shell = SHELLS.find((one) => one === args.shell) ?? "bash";
    const commands = this.config.commands
      .map(({ id, summary = "", flags }): Completable => ({
        name: id.replaceAll(":", " "),
        summary,
        flags: Object.values(flags).map((flag) => ({
          name: flag.name,
          summary: flag.summary ?? flag.description ?? "",
          values: flag.type === "option" ? (flag.options ?? []) : [],
        })),
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const script = completionScript(shell, this.config.bin, commands);
    this.log(script.trimEnd());
    return { ...this.envelope(), shell, script, warnings: this.progress.warnings };
  }
}
