import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createProgress } from "../../../src/core/progress.js";
import { Random } from "../../../src/core/random.js";
import { fit, miniBatches } from "../../../src/engine/train/fit.js";
import { sgd } from "../../../src/engine/train/optimizer.js";
import { accuracy, bprBatch, bprTrainer, fitBpr, twoTastes } from "./bpr.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "llmrec-fit-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const setUp = () => {
  const random = Random.fromSeed("fit");
  const pairs = twoTastes(40, 30, 6, random.fork("data"));
  return { random, pairs, trainer: bprTrainer(pairs, random) };
};

describe("mini-batches", () => {
  test("hold each example once, in an order of the seed", () => {
    const batches = miniBatches(10, 4, Random.fromSeed(1));
    expect(batches.map(({ length }) => length)).toEqual([4, 4, 2]);
    const all = batches.flatMap((batch) => Array.from(batch));
    expect([...all].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(miniBatches(10, 4, Random.fromSeed(1))).toEqual(batches);
    expect(miniBatches(10, 4, Random.fromSeed(2))).not.toEqual(batches);
  });

  test("may leave out the last", () => {
    expect(miniBatches(10, 4, Random.fromSeed(1), true)).toHaveLength(2);
    expect(miniBatches(8, 4, Random.fromSeed(1), true)).toHaveLength(2);
  });
});

describe("fit", () => {
  test("learns, reports each epoch, and tells its progress", async () => {
    const { random, pairs, trainer } = setUp();
    const lines: string[] = [];
    const progress = createProgress({ stream: { write: (line) => lines.push(line) }, patience: 0 });
    const report = await fitBpr(trainer, pairs, random, { epochs: 8, progress, label: "BPR" });
    expect(report.steps).toBe(8 * Math.ceil(240 / 64));
    expect(report.epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(report.epochs[7].loss).toBeLessThan(report.epochs[0].loss / 2);
    expect(accuracy(trainer)).toBeGreaterThan(0.95);
    expect(lines.join("")).toMatch(/BPR, epoch 1 of 8.*loss \d\.\d{4}, \d+ examples\/s/s);
  });

  test("each epoch has its own order, and each batch its own numbers", async () => {
    const { random, pairs, trainer } = setUp();
    const seen: string[] = [];
    await fitBpr(trainer, pairs, random, {
      epochs: 2,
      batchSize: 240,
      batch: (examples, own) => {
        seen.push(`${Array.from(examples).join()} ${own.uint32()}`);
        return bprBatch(pairs, examples, own);
      },
    });
    expect(new Set(seen).size).toBe(2);
    expect(new Set(seen.map((line) => line.split(" ")[0])).size).toBe(2);
    expect(new Set(seen.map((line) => line.split(" ")[1])).size).toBe(2);
  });

  test("keeps the best state and stops when it gets no better", async () => {
    const { random, pairs, trainer } = setUp();
    const metrics = [0.5, 0.8, 0.7, 0.8, 0.9];
    const kept: Float32Array[] = [];
    const report = await fitBpr(trainer, pairs, random, {
      epochs: 9,
      validation: {
        patience: 2,
        metric: () => {
          kept.push(trainer.parameters.user.data.slice());
          return metrics[kept.length - 1];
        },
      },
    });
    expect(report.stoppedEarly).toBe(true);
    expect(report.best).toEqual({ epoch: 2, metric: 0.8 });
    expect(report.epochs.map(({ metric }) => metric)).toEqual([0.5, 0.8, 0.7, 0.8]);
    expect(trainer.parameters.user.data).toEqual(kept[1]);
  });

  test("validates every so often, always at the end, and can want the lowest", async () => {
    const { random, pairs, trainer } = setUp();
    let value = 0;
    const report = await fitBpr(trainer, pairs, random, {
      epochs: 5,
      validation: { every: 2, higherIsBetter: false, metric: () => value++ },
    });
    expect(report.epochs.map(({ metric }) => metric)).toEqual([null, 0, null, 1, 2]);
    expect(report.best).toEqual({ epoch: 2, metric: 0 });
    await expect(
      fitBpr(trainer, pairs, random, { epochs: 1, validation: { metric: () => NaN } }),
    ).rejects.toThrow("the validation metric is NaN after epoch 1");
  });

  test("stops between steps when the signal is aborted, and goes on from there", async () => {
    const whole = setUp();
    await fitBpr(whole.trainer, whole.pairs, whole.random);
    const cut = setUp();
    const controller = new AbortController();
    const checkpoint = { folder };
    const stopped = fitBpr(cut.trainer, cut.pairs, cut.random, {
      checkpoint,
      signal: controller.signal,
      batch: (examples, own) => {
        if (cut.trainer.step === 6) controller.abort();
        return bprBatch(cut.pairs, examples, own);
      },
    });
    await expect(stopped).rejects.toMatchObject({ code: "INTERRUPTED", exit: 130 });
    expect(cut.trainer.step).toBe(7);
    const resumed = setUp();
    const report = await fitBpr(resumed.trainer, resumed.pairs, resumed.random, { checkpoint });
    expect(report.steps).toBe(16);
    expect(resumed.trainer.snapshot()).toEqual(whole.trainer.snapshot());
  });

  test("refuses a checkpoint of another run", async () => {
    const { random, pairs, trainer } = setUp();
    await fitBpr(trainer, pairs, random, { epochs: 1, checkpoint: { folder } });
    const again = setUp();
    const other = (options: Parameters<typeof fitBpr>[3]) =>
      fitBpr(again.trainer, again.pairs, again.random, options);
    await expect(other({ batchSize: 32, checkpoint: { folder } })).rejects.toMatchObject({
      code: "OTHER_CHECKPOINT",
    });
    await expect(other({ random: Random.fromSeed("other"), checkpoint: { folder } })).rejects.toThrow(
      /other options/,
    );
    await expect(other({ checkpoint: { folder, identity: "other data" } })).rejects.toThrow(/other options/);
    const changed = bprTrainer(pairs, random, { optimizer: sgd({ learningRate: 1 }) });
    await expect(fitBpr(changed, pairs, random, { checkpoint: { folder } })).rejects.toThrow(/other options/);
    expect((await other({ epochs: 2, checkpoint: { folder } })).epochs).toHaveLength(2);
  });

  test("a loss that is no number stops with the step, the parameter and the last good checkpoint", async () => {
    const { random, pairs } = setUp();
    const trainer = bprTrainer(pairs, random, { optimizer: sgd({ learningRate: 1e25 }) });
    const run = fitBpr(trainer, pairs, random, { checkpoint: { folder, every: 1 } });
    const error = (await run.catch((reason: unknown) => reason)) as { hint: string; step: number };
    expect(error).toMatchObject({ code: "NOT_FINITE" });
    expect(error.step).toBeGreaterThan(1);
    expect(error.hint).toContain(join(folder, `step-${String(error.step - 1).padStart(8, "0")}`));
  });

  test("nothing to train on is an error", async () => {
    const { random, trainer } = setUp();
    const options = { epochs: 1, examples: 0, batchSize: 1, random, batch: () => ({}) as never };
    await expect(fit(trainer, options)).rejects.toThrow("no examples");
  });
});

test("a run that is killed again and again ends with the bytes of one that is not", async () => {
  const script = fileURLToPath(new URL("killed-run.ts", import.meta.url));
  const command = ["--import", "tsx", script];
  const whole = join(folder, "whole.safetensors");
  const calm = spawnSync(process.execPath, [...command, join(folder, "calm"), whole]);
  expect(calm.status, calm.stderr.toString()).toBe(0);

  const parts = join(folder, "parts.safetensors");
  let kills = 0;
  /** Kills the run as soon as it begins one of these steps: within an epoch, just after a checkpoint, at a new epoch's start. */
  for (const fatal of [7, 12, 31]) {
    const run = spawn(process.execPath, [...command, join(folder, "killed"), parts, "20"]);
    await new Promise<void>((resolve, reject) => {
      run.stdout.on("data", (data: Buffer) => {
        if (data.toString().split("\n").includes(`step ${fatal}`)) run.kill("SIGKILL");
      });
      run.on("error", reject);
      run.on("exit", (_code, signal) => {
        if (signal === "SIGKILL") kills++;
        resolve();
      });
    });
    expect(existsSync(parts)).toBe(false);
  }
  expect(kills).toBe(3);
  expect((await readdir(join(folder, "killed"))).filter((name) => name.startsWith("step-"))).toHaveLength(1);
  const last = spawnSync(process.execPath, [...command, join(folder, "killed"), parts]);
  expect(last.status, last.stderr.toString()).toBe(0);
  expect(last.stdout.toString()).not.toContain("step 0\n");
  expect(Buffer.compare(await readFile(parts), await readFile(whole))).toBe(0);
  expect(await readFile(`${parts}.json`, "utf8")).toBe(await readFile(`${whole}.json`, "utf8"));
}, 120_000);
