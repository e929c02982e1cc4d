import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { stringify } from "yaml";
import { z } from "zod";
import { UsageError } from "../../core/errors.js";
import { writeAtomically, writeJson } from "../../core/files.js";
import { hashOf } from "../../core/hash.js";
import { suggestName } from "../../core/names.js";
import type { TaskId } from "../../tasks/task.js";
import { nestedSetting, readConfigFile, resolveConfig, type RunConfig } from "../config.js";
import { explainConfig } from "../explain-config.js";
import { runFolder, type RunFolder } from "../run-folder.js";

const scalar = z.union([z.string(), z.number(), z.boolean()]);

const sweepFile = z.strictObject({
  /** What is run: `coldllm`, or several. */
  command: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
  /** Settings of every run, as in a configuration file. */
  config: z.record(z.string(), z.unknown()).default({}),
  /** Values by the name that `--set` has for them: every combination is a run. */
  grid: z.record(z.string(), z.array(z.unknown()).min(1)).default({}),
  /** Options of `sbatch` by their long names, for `--launcher slurm`. */
  slurm: z.record(z.string(), scalar).default({}),
});

/** One run of a sweep. */
export interface SweepTask {
  /** From 1. */
  readonly number: number;
  readonly command: string;
  /** Where it stands on the grid: values by name. */
  readonly point: Readonly<Record<string, unknown>>;
  readonly config: RunConfig;
  readonly folder: RunFolder;
  /** Holds its whole configuration. */
  readonly configFile: string;
  readonly logFile: string;
}

/** A sweep laid out: its folder has everything that belongs to it. */
export interface Sweep {
  readonly name: string;
  readonly folder: string;
  readonly file: string;
  /** Where the sweep's folder keeps the file: what is submitted must not change under the jobs. */
  readonly copy: string;
  /** Folder of the run folders. */
  readonly runs: string;
  readonly axes: readonly string[];
  readonly tasks: readonly SweepTask[];
  readonly slurm: Readonly<Record<string, string | number | boolean>>;
}

/** What a command runs, and the settings that it has by default. */
export interface Purpose {
  readonly task: TaskId;
  readonly defaults: Readonly<Record<string, unknown>>;
}

/**
 * Reads a sweep and checks every run of it, so that a wrong name is found before any work is done.
 * @param commands - the commands that run a task, by name.
 * @param out - folder of sweep folders.
 * @throws UsageError BAD_SWEEP, UNKNOWN_COMMAND, and those of the configurations.
 */
export async function planSweep(
  file: string,
  commands: ReadonlyMap<string, Purpose>,
  out: string,
): Promise<Sweep> {
  const parsed = sweepFile.safeParse(await readConfigFile(file));
  if (!parsed.success) {
    const { issues } = parsed.error;
    // A mistyped key is also missed under its right name: say the first.
    const issue = issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0];
    const place = issue.path.map(String).join(".");
    const key = issue.code === "unrecognized_keys" ? issue.keys[0] : undefined;
    const hint = key === undefined ? undefined : suggestName(key, Object.keys(sweepFile.shape));
    throw new UsageError("BAD_SWEEP", place === "" ? issue.message : `${place}: ${issue.message}`, {
      file,
      hint,
    });
  }
  const { command, config, grid, slurm } = parsed.data;
  const name = basename(file)
    .replace(/\.ya?ml$/, "")
    .replace(/[^\w.-]+/g, "-");
  const settled = [command].flat().flatMap((one) => {
    const purpose = commands.get(one);
    if (purpose === undefined) {
      throw new UsageError("UNKNOWN_COMMAND", `${one} is no command that runs a task`, {
        file,
        hint: suggestName(one, [...commands.keys()]),
      });
    }
    return pointsOf(grid).map((point) => ({ command: one, point, purpose }));
  });
  const folder = join(out, `${name}-${hashOf({ command, config, grid }).slice(0, 8)}`);
  const runs = join(folder, "runs");
  const tasks: SweepTask[] = [];
  for (const { command: one, point, purpose } of settled) {
    const settings = Object.entries(point).map(([key, value]) => nestedSetting(key, value));
    const layers = [purpose.defaults, config, ...settings];
    await explainConfig(
      purpose.task,
      layers.map((values) => ({ origin: file, values })),
    );
    const resolved = resolveConfig(layers);
    const number = tasks.length + 1;
    const label = String(number).padStart(4, "0");
    tasks.push({
      number,
      command: one,
      point,
      config: resolved,
      folder: runFolder(runs, one, resolved),
      configFile: join(folder, "tasks", `${label}.yaml`),
      logFile: join(folder, "logs", `${label}.txt`),
    });
  }
  const clash = tasks.find((task, at) => tasks.findIndex((other) => other.folder.id === task.folder.id) < at);
  if (clash !== undefined) {
    throw new UsageError("BAD_SWEEP", `the grid has the same run twice: ${JSON.stringify(clash.point)}`, {
      file,
    });
  }
  const copy = join(folder, `${name}.yaml`);
  return { name, folder, file, copy, runs, axes: Object.keys(grid), tasks, slurm };
}

/** Every combination, the last axis fastest. */
export function pointsOf(grid: Readonly<Record<string, readonly unknown[]>>): Record<string, unknown>[] {
  return Object.entries(grid).reduce<Record<string, unknown>[]>(
    (points, [name, values]) =>
      points.flatMap((point) => values.map((value) => ({ ...point, [name]: value }))),
    [{}],
  );
}

/** Writes what a sweep is made of: its file as it is now, an overview, and a configuration a task. */
export async function writePlan({ name, folder, file, copy, axes, tasks }: Sweep): Promise<void> {
  await writeAtomically(copy, await readFile(file));
  const overview = tasks.map(({ number, command, point, folder: { id } }) => ({
    number,
    command,
    point,
    run: id,
  }));
  await writeJson(join(folder, "sweep.json"), { schemaVersion: 1, name, axes, tasks: overview });
  for (const task of tasks) await writeAtomically(task.configFile, stringify(task.config));
}
