import { execFile } from "node:child_process";
import { chmod, mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { UsageError } from "../../core/errors.js";
import { writeAtomically } from "../../core/files.js";
import type { Sweep, SweepTask } from "./plan.js";

export interface SlurmOptions {
  /** Folder of sweep folders. */
  readonly out: string;
  readonly program: string;
  /** Tasks at once; without a limit where left out. */
  readonly jobs?: number;
  readonly offline: boolean;
}

/** What was written and submitted. */
export interface SlurmJobs {
  readonly script: string;
  /** The array's job, and the one that merges the results when the array has ended. */
  readonly array: string;
  readonly merge: string;
}

/**
 * Writes a job array with an element for each of the tasks and submits it, and after it a job that merges the results. A
 * element that is killed or requeued goes on where it was.
 * @throws UsageError SLURM_FAILED where `sbatch` is missing or refuses.
 */
export async function submitArray(
  sweep: Sweep,
  tasks: readonly SweepTask[],
  options: SlurmOptions,
): Promise<SlurmJobs> {
  const script = join(sweep.folder, "array.sh");
  await mkdir(join(sweep.folder, "logs"), { recursive: true });
  await writeAtomically(script, arrayScript(sweep, tasks, options));
  await chmod(script, 0o755);
  const merge = join(sweep.folder, "merge.sh");
  await writeAtomically(merge, mergeScript(sweep, options));
  await chmod(merge, 0o755);
  const array = await sbatch([script]);
  return { script, array, merge: await sbatch([`--dependency=afterany:${array}`, merge]) };
}

/** The array as a script for `sbatch`; its elements have the numbers of the tasks. */
export function arrayScript(sweep: Sweep, tasks: readonly SweepTask[], options: SlurmOptions): string {
  const limit = options.jobs === undefined ? "" : `%${options.jobs}`;
  const offline = options.offline ? " --offline" : "";
  return [
    "#!/bin/bash",
    `#SBATCH --job-name=llmrec-${sweep.name}`,
    `#SBATCH --array=${ranges(tasks.map(({ number }) => number))}${limit}`,
    `#SBATCH --output=${join(resolve(sweep.folder), "logs", "slurm-%a.txt")}`,
    "#SBATCH --requeue",
    ...Object.entries(sweep.slurm).map(([name, value]) =>
      value === true ? `#SBATCH --${name}` : `#SBATCH --${name}=${String(value)}`,
    ),
    `cd ${quote(process.cwd())}`,
    `exec ${programOf(sweep, options)} --only "$SLURM_ARRAY_TASK_ID"${offline}`,
    "",
  ].join("\n");
}

function mergeScript(sweep: Sweep, options: SlurmOptions): string {
  return [
    "#!/bin/bash",
    `#SBATCH --job-name=llmrec-${sweep.name}-merge`,
    `#SBATCH --output=${join(resolve(sweep.folder), "logs", "slurm-merge.txt")}`,
    ...Object.entries(sweep.slurm)
      .filter(([name]) => ["partition", "account", "qos"].includes(name))
      .map(([name, value]) => `#SBATCH --${name}=${String(value)}`),
    `cd ${quote(process.cwd())}`,
    `exec ${programOf(sweep, options)} --merge`,
    "",
  ].join("\n");
}

function programOf({ copy }: Sweep, { program, out }: SlurmOptions): string {
  return [process.execPath, resolve(program), "sweep", resolve(copy), "--out", resolve(out)]
    .map(quote)
    .join(" ");
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Ascending numbers as Slurm writes them: 1-3,5. */
export function ranges(numbers: readonly number[]): string {
  const parts: [number, number][] = [];
  for (const number of numbers) {
    const last = parts.at(-1);
    if (last?.[1] === number - 1) last[1] = number;
    else parts.push([number, number]);
  }
  return parts.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(",");
}

async function sbatch(words: readonly string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)("sbatch", ["--parsable", ...words]);
    return stdout.trim().split(";")[0];
  } catch (error) {
    const { code, stderr, message } = error as { code?: unknown; stderr?: string; message: string };
    const why = code === "ENOENT" ? "there is no sbatch here" : (stderr ?? message).trim();
    throw new UsageError("SLURM_FAILED", `Slurm took no job: ${why}`, {
      hint: "Submit from a machine of the cluster; options of sbatch belong under slurm: in the sweep's file.",
      cause: error,
    });
  }
}
