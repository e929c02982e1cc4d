import type { Config } from "@oclif/core";
import { TaskCommand } from "./task-command.js";

/** What a command that runs a task would run. */
type Purpose = TaskCommand["purpose"];

/** The commands that run a task, by name, with what each would run. */
export async function taskCommands(config: Config): Promise<Map<string, Purpose>> {
  const found = new Map<string, Purpose>();
  for (const command of config.commands) {
    const loaded = await command.load();
    if (!(loaded.prototype instanceof TaskCommand)) continue;
    const Task = loaded as unknown as new (argv: string[], config: Config) => TaskCommand;
    found.set(command.id.replaceAll(":", " "), new Task([], config).purpose);
  }
  return found;
}
