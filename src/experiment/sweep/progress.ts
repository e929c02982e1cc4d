import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { SweepTask } from "./plan.js";

/** Whether a task's run is finished; a manifest that can't be read is that of none. */
export async function isFinished({ folder }: SweepTask): Promise<boolean> {
  if (!existsSync(folder.scoreboard)) return false;
  try {
    return (
      (JSON.parse(await readFile(folder.manifest, "utf8")) as { status?: unknown }).status === "finished"
    );
  } catch {
    return false;
  }
}

/** The tasks that are still to be run. */
export async function unfinished(tasks: readonly SweepTask[]): Promise<SweepTask[]> {
  const done = await Promise.all(tasks.map(isFinished));
  return tasks.filter((_, at) => !done[at]);
}
