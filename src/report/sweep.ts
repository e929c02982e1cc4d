import { UsageError } from "../core/errors.js";
import { lockFolder } from "../core/lock.js";
import type { Progress } from "../core/progress.js";
import { type FailedTask, runPool } from "../experiment/sweep/local.js";
import { planSweep, type Purpose, writePlan } from "../experiment/sweep/plan.js";
import { unfinished } from "../experiment/sweep/progress.js";
import { type SlurmJobs, submitArray } from "../experiment/sweep/slurm.js";
import { mergeSweep } from "./sweep-results.js";
import type { TextOptions } from "./text.js";

/** How long a sweep waits for the processes of one that was killed. */
const PATIENCE = 20_000;

export interface SweepRequest {
  readonly file: string;
  readonly commands: ReadonlyMap<string, Purpose>;
  readonly out: string;
  readonly jobs?: number;
  /** Null: only merge. */
  readonly launcher: "local" | "slurm" | null;
  readonly only?: number;
  readonly program: string;
  readonly offline: boolean;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly terminal: TextOptions;
}

/** What a command prints of a sweep. */
export interface SweepOutcome {
  readonly folder: string;
  readonly finished: number;
  readonly total: number;
  readonly csv: string | null;
  readonly failed: readonly FailedTask[];
  readonly slurm?: SlurmJobs;
  readonly text: string;
}

/** Runs what is unfinished of a sweep, or submits it, and merges what is finished. */
export async function runSweep(request: SweepRequest): Promise<SweepOutcome> {
  const { file, out, only, launcher, progress, terminal } = request;
  const sweep = await planSweep(file, request.commands, out);
  const chosen = sweep.tasks.filter(({ number }) => only === undefined || number === only);
  if (chosen.length === 0) {
    throw new UsageError("BAD_SWEEP", `there is no run ${only}: the sweep has ${sweep.tasks.length}`, {
      file,
    });
  }
  const merged = async (failed: readonly FailedTask[], slurm?: SlurmJobs): Promise<SweepOutcome> => ({
    folder: sweep.folder,
    failed,
    ...(slurm && { slurm }),
    ...(await mergeSweep(sweep, terminal)),
  });
  if (launcher === null) return merged([]);
  if (launcher === "slurm") {
    await writePlan(sweep);
    const tasks = await unfinished(chosen);
    if (tasks.length === 0) return merged([]);
    const slurm = await submitArray(sweep, tasks, request);
    const outcome = await merged([], slurm);
    const told = `Job ${slurm.array}: ${tasks.length} runs; job ${slurm.merge} merges the results when they are over.`;
    return { ...outcome, text: `${outcome.text}\n${told}` };
  }
  // An element of an array has the sweep's folder together with the others; each run has its own lock.
  if (only !== undefined) return runChosen();
  const wait = () => {
    progress.note("waiting for another process that works on this sweep");
  };
  const release = await lockFolder(sweep.folder, { patience: PATIENCE, onWait: wait });
  try {
    await writePlan(sweep);
    return await runChosen();
  } finally {
    await release();
  }

  async function runChosen(): Promise<SweepOutcome> {
    const failed = await runPool(sweep, await unfinished(chosen), { ...request, jobs: request.jobs ?? 1 });
    return merged(failed);
  }
}
