import { Args } from "@oclif/core";
import { UsageError } from "../../src/core/errors.js";
import { suggestName } from "../../src/core/names.js";
import type { ConfigValue } from "../../src/experiment/explain-config.js";
import { LlmrecCommand } from "../shared/base.js";
import { configLayers, typedFlags } from "../shared/config-layers.js";
import { taskFlags } from "../shared/task-command.js";
import { taskCommands } from "../shared/task-commands.js";

export default class ConfigShow extends LlmrecCommand {
  static override summary = "Show what a run would use, each value with where it came from.";

  static override examples = [
    "<%= config.bin %> config show coldllm",
    "<%= config.bin %> config show coldllm --config experiment.yaml --set als.factors=64 --json",
  ];

  static override args = {
    command: Args.string({ description: "The command that would run, such as coldllm.", required: true }),
  };

  static override flags = taskFlags;

  override async run(): Promise<unknown> {
    const { args, flags, raw } = await this.parse(ConfigShow);
    const { explainConfig } = await import("../../src/experiment/explain-config.js");
    const { runFolder } = await import("../../src/experiment/run-folder.js");
    const { configText } = await import("../../src/report/config-text.js");
    const commands = await taskCommands(this.config);
    const purpose = commands.get(args.command);
    if (purpose === undefined) {
      throw new UsageError("UNKNOWN_COMMAND", `${args.command} is no command that runs a task`, {
        hint: suggestName(args.command, [...commands.keys()]),
      });
    }
    const { task, defaults } = purpose;
    const layers = await configLayers(defaults, flags, typedFlags(raw));
    const { config, values } = await explainConfig(task, layers);
    const folder = runFolder(flags.out, args.command, config).path;
    this.log(configText(values, folder));
    return { ...this.envelope(), task, folder, values: values.map(orNull), warnings: this.progress.warnings };
  }
}

/** JSON leaves out what is undefined: a setting without a value is null. */
function orNull({ value, ...rest }: ConfigValue): Record<string, unknown> {
  return { ...rest, value: value ?? null };
}
