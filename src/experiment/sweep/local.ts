import { spawn } from "node:child_process";
import { mkdir, open, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import PQueue from "p-queue";
import { throwIfInterrupted } from "../../core/errors.js";
import type { Progress } from "../../core/progress.js";
import { WORKER } from "../../core/worker.js";
import type { Sweep, SweepTask } from "./plan.js";

/** A task that did not end well. */
export interface FailedTask {
  readonly number: number;
  readonly exit: number;
  /** The end of its log. */
  readonly message: string;
  readonly logFile: string;
}

export interface PoolOptions {
  /** Processes at once. */
  readonly jobs: number;
  /** The program's own script, which each process runs. */
  readonly program: string;
  readonly offline: boolean;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * Runs tasks in processes of their own, `jobs` at a time; one that fails does not stop the others.
 * @throws InterruptedError after Ctrl-C, once every process has saved itself.
 */
export async function runPool(
  sweep: Sweep,
  tasks: readonly SweepTask[],
  options: PoolOptions,
): Promise<FailedTask[]> {
  const { jobs, progress, signal } = options;
  const isStopped = () => signal.aborted;
  const queue = new PQueue({ concurrency: jobs });
  const failed: FailedTask[] = [];
  let done = sweep.tasks.length - tasks.length;
  const step = progress.start(`sweep ${sweep.name}: runs`, sweep.tasks.length);
  step.update(done);
  await queue.addAll(
    tasks.map((task) => async () => {
      if (isStopped()) return;
      const exit = await runTaskProcess(sweep, task, options);
      if (exit !== 0 && !isStopped()) {
        failed.push({ number: task.number, exit, message: await endOf(task.logFile), logFile: task.logFile });
        progress.warn(`run ${task.number} of the sweep ended with ${exit}: see ${task.logFile}`);
      }
      step.update(++done);
    }),
  );
  throwIfInterrupted(signal);
  step.end();
  return failed.sort((a, b) => a.number - b.number);
}

async function runTaskProcess(
  { runs }: Sweep,
  { command, configFile, logFile }: SweepTask,
  { program, offline, signal }: PoolOptions,
): Promise<number> {
  await mkdir(dirname(logFile), { recursive: true });
  const log = await open(logFile, "w");
  const words = [
    ...command.split(" "),
    "--config",
    configFile,
    "--out",
    runs,
    ...(offline ? ["--offline"] : []),
  ];
  const child = spawn(process.execPath, [program, ...words], {
    // Its input ends when this process does, whatever ended it.
    stdio: ["pipe", log.fd, log.fd],
    env: { ...process.env, [WORKER]: "1" },
  });
  const stop = () => child.kill("SIGINT");
  signal.addEventListener("abort", stop);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => {
        resolve(code ?? 1);
      });
    });
  } finally {
    signal.removeEventListener("abort", stop);
    await log.close();
  }
}

async function endOf(file: string): Promise<string> {
  const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
  const error = lines.findLast((line) => line.startsWith("error: "));
  return error ?? lines.at(-1) ?? "";
}
