import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { codeVersion } from "../../core/code-version.js";
import type { Manifest } from "../manifest.js";
import type { SweepTask } from "./plan.js";

/** Whether a task's run is finished, by the program as it is now; a manifest that can't be read is that of none. */
async function isFinished({ folder }: SweepTask, code: string): Promise<boolean> {
  if (!existsSync(folder.scoreboard)) return false;
  try {
    const { status, program } = JSON.parse(await readFile(folder.manifest, "utf8")) as Partial<Manifest>;
    return status === "finished" && program?.code === code;
  } catch {
    return false;
  }
}

/** The tasks that are still to be run. */
export async function unfinished(tasks: readonly SweepTask[]): Promise<SweepTask[]> {
  const code = await codeVersion();
  const done = await Promise.all(tasks.map((task) => isFinished(task, code)));
  return tasks.filter((_, at) => !done[at]);
}
