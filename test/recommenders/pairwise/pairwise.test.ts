import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { InterruptedError } from "../../../src/core/errors.js";
import { silentProgress } from "../../../src/core/progress.js";
import { Random } from "../../../src/core/random.js";
import { writeSafetensors } from "../../../src/core/safetensors.js";
import { csrFromPairs, type Csr, hasEntry } from "../../../src/data/csr.js";
import type { FitReport } from "../../../src/engine/train/fit.js";
import { popularity } from "../../../src/recommenders/controls/popularity.js";
import { bprMf, trainBprMf } from "../../../src/recommenders/factorisation/bpr-mf.js";
import type { Factors } from "../../../src/recommenders/factorisation/factors.js";
import { lightGcn, trainLightGcn } from "../../../src/recommenders/graph/lightgcn.js";
import { ngcf, trainNgcf } from "../../../src/recommenders/graph/ngcf.js";
import type { PairwiseData } from "../../../src/recommenders/pairwise/data.js";
import type { TrainingContext, TrainingExtras } from "../../../src/recommenders/pairwise/options.js";
import { resolveOptions } from "../../../src/recommenders/registry.js";
import { contextOf, scoresOf, trainingOf } from "../support.js";

const [USERS, ITEMS, COLD] = [60, 42, 2];

/** Users and items in two communities; a user has about half of its own and one item of the other. The last items are cold. */
function communities(): { train: Csr; test: Csr } {
  const random = Random.fromSeed(5);
  const pairs: Record<"train" | "test", [number[], number[]]> = { train: [[], []], test: [[], []] };
  for (let user = 0; user < USERS; user++) {
    for (let item = 0; item < ITEMS - COLD; item++) {
      const draw = random.uniform();
      const part = user % 2 !== item % 2 ? (draw < 0.05 ? "train" : null) : draw < 0.5 ? "train" : "test";
      if (part === null) continue;
      pairs[part][0].push(user);
      pairs[part][1].push(item);
    }
  }
  return {
    train: csrFromPairs(USERS, ITEMS, ...pairs.train),
    test: csrFromPairs(USERS, ITEMS, ...pairs.test),
  };
}

const { train, test } = communities();
const training = {
  ...trainingOf(train),
  validation: { warm: test, cold: csrFromPairs(USERS, ITEMS, [], []) },
};
const small = { embeddingSize: 8, learningRate: 0.02, batchSize: 128, epochs: 25 };

const context = (seed = 1, signal = new AbortController().signal): TrainingContext => ({
  random: Random.fromSeed(seed),
  progress: silentProgress(),
  signal,
});

type Train = (
  data: PairwiseData,
  extras?: TrainingExtras,
  given?: TrainingContext,
  options?: object,
) => Promise<Factors>;
const mf: Train = (data, extras, given = context(), options = {}) =>
  trainBprMf(data, { ...resolveOptions(bprMf, small), ...options }, given, extras);
const gcn: Train = (data, extras, given = context(), options = {}) =>
  trainLightGcn(data, { ...resolveOptions(lightGcn, small), ...options }, given, extras);

const neural: Train = (data, extras, given = context(), options = {}) =>
  trainNgcf(data, { ...resolveOptions(ngcf, small), ...options }, given, extras);

/** How often a user's held-out item beats an item that it has nowhere. */
function auc(scores: number[][]): number {
  let [right, count] = [0, 0];
  scores.forEach((row, user) => {
    for (let good = 0; good < ITEMS - COLD; good++) {
      if (!hasEntry(test, user, good)) continue;
      for (let bad = 0; bad < ITEMS - COLD; bad++) {
        if (hasEntry(test, user, bad) || hasEntry(train, user, bad)) continue;
        right += Number(row[good] > row[bad]) + 0.5 * Number(row[good] === row[bad]);
        count++;
      }
    }
  });
  return right / count;
}

describe.each([
  ["bpr-mf", bprMf, mf],
  ["lightgcn", lightGcn, gcn],
  ["ngcf", ngcf, neural],
] as const)("%s", (id, recommender, trainModel) => {
  it("finds communities that popularity misses", async () => {
    const scores = await scoresOf(recommender, training, small, contextOf(id));
    const popular = await scoresOf(popularity, training);
    expect(auc(popular)).toBeLessThan(0.6);
    expect(auc(scores)).toBeGreaterThan(0.9);
  });

  it("lowers the loss", async () => {
    const reports: FitReport[] = [];
    await trainModel(training, { onReport: (report) => reports.push(report) });
    const [{ epochs }] = reports;
    expect(epochs[0].loss).toBeCloseTo(Math.LN2, 1);
    expect(epochs[epochs.length - 1].loss).toBeLessThan(0.9 * epochs[0].loss);
  });

  it("leaves items and users without a training pair at zero", async () => {
    const without = { ...train, offsets: train.offsets.slice() };
    const last = without.offsets[USERS - 1];
    without.offsets[USERS] = last;
    const matrix = { ...without, indices: train.indices.slice(0, last), values: train.values.slice(0, last) };
    const { users, items, size } = await trainModel({ ...training, matrix });
    expect(items.subarray((ITEMS - COLD) * size).every((value) => value === 0)).toBe(true);
    expect(users.subarray((USERS - 1) * size).every((value) => value === 0)).toBe(true);
    expect(users.subarray(0, (USERS - 1) * size).every((value) => value !== 0)).toBe(true);
  });

  it("gives a cold item an embedding once it has simulated pairs", async () => {
    const cold = ITEMS - 1;
    const likes = [0, 2, 4, 6, 8, 10, 12, 14];
    const users = [...likes];
    const items = likes.map(() => cold);
    for (let user = 0; user < USERS; user++) {
      for (let item = 0; item < ITEMS; item++) {
        if (!hasEntry(train, user, item)) continue;
        users.push(user);
        items.push(item);
      }
    }
    const matrix = csrFromPairs(USERS, ITEMS, users, items);
    const held = csrFromPairs(USERS, ITEMS, [16, 18, 20, 22], [cold, cold, cold, cold]);
    const data = { matrix, known: train, validation: { warm: test, cold: held } };
    const factors = await trainModel(data);
    const score = (user: number) =>
      factors.users
        .subarray(user * factors.size, (user + 1) * factors.size)
        .reduce((sum, value, d) => sum + value * factors.items[cold * factors.size + d], 0);
    const mean = (parity: number) =>
      Array.from({ length: 20 }, (_, n) => score(20 + 2 * n + parity)).reduce((sum, value) => sum + value) /
      20;
    expect(mean(0)).toBeGreaterThan(mean(1));
  });

  it("stops early and keeps the best epoch", async () => {
    const reports: FitReport[] = [];
    const kept = await trainModel(training, { onReport: (report) => reports.push(report) }, context(), {
      learningRate: 0.2,
      patience: 2,
      epochs: 60,
    });
    const [{ best, epochs, stoppedEarly }] = reports;
    expect(stoppedEarly).toBe(true);
    expect(epochs).toHaveLength(best!.epoch + 2);
    const none = csrFromPairs(USERS, ITEMS, [], []);
    const again = await trainModel({ ...training, validation: { warm: none, cold: none } }, {}, context(), {
      learningRate: 0.2,
      epochs: best!.epoch,
    });
    expect(again).toEqual(kept);
  });

  it("ends with the same bytes twice, and after a kill", async () => {
    const whole = await trainModel(training);
    expect(await trainModel(training)).toEqual(whole);
    expect(await trainModel(training, {}, context(2))).not.toEqual(whole);
    const folder = mkdtempSync(join(tmpdir(), "llmrec-pairwise-"));
    const stop = new AbortController();
    let epochs = 0;
    const progress = {
      ...silentProgress(),
      start: () => ({
        update: () => undefined,
        end: () => {
          if (++epochs === 4) stop.abort();
        },
      }),
    };
    const killed = trainModel(
      training,
      { checkpoint: folder, checkpointSpacing: 0 },
      { ...context(1, stop.signal), progress },
    );
    await expect(killed).rejects.toBeInstanceOf(InterruptedError);
    expect(readdirSync(folder)).toHaveLength(1);
    expect(await trainModel(training, { checkpoint: folder })).toEqual(whole);
  });

  it("stops where the loss is no number, and names the step and the parameter", async () => {
    const failed = trainModel(training, {}, context(), { learningRate: 1e30 });
    await expect(failed).rejects.toThrow(
      /stopped at step \d+: the loss is .*gradient of .*embeddings is not finite/,
    );
  });

  it("takes embeddings from outside", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "llmrec-pairwise-")), "given.safetensors");
    const tensor = (rows: number, value: number) => ({
      shape: [rows, 2],
      data: new Float32Array(rows * 2).fill(value),
    });
    await writeSafetensors(file, { user_embeddings: tensor(USERS, 3), item_embeddings: tensor(ITEMS, 0.5) });
    const given = contextOf(id, 1, new Map([[`${id}.embeddings`, file]]));
    expect(new Set((await scoresOf(recommender, training, {}, given)).flat())).toEqual(new Set([3]));
    await writeSafetensors(file, { user_embeddings: tensor(USERS, 3) });
    await expect(scoresOf(recommender, training, {}, given)).rejects.toMatchObject({
      code: "BAD_EMBEDDINGS",
    });
  });
});

it("a LightGCN without layers would be BPR-MF: the layers change the embeddings", async () => {
  const data = training;
  expect(await gcn(data, {}, context(), { regularization: 0 })).not.toEqual(await mf(data));
});
