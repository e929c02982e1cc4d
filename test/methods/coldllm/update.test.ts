import { describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import { csrFromPairs, hasEntry, rowIndices } from "../../../src/data/csr.js";
import { ColdItemModel, foldIn, meanOfUsers } from "../../../src/methods/coldllm/cold-items.js";
import { coldLlm } from "../../../src/methods/coldllm/coldllm.js";
import { selectPairs, withSimulated } from "../../../src/methods/coldllm/pairs.js";
import { updateEmbeddings, type UpdateOptions } from "../../../src/methods/coldllm/update.js";
import { backboneRandom } from "../../../src/recommenders/cold-start/backbone.js";
import { trainAls } from "../../../src/recommenders/factorisation/als.js";
import { int32 } from "../../../src/engine/run/tensor.js";
import { resolveOptions } from "../../../src/recommenders/registry.js";
import { contextOf, matrixOf, randomMatrix, trainingOf } from "../../recommenders/support.js";
import { failureOf } from "../../data/readers/files.js";

const optionsOf = (given: Record<string, unknown>) => resolveOptions<UpdateOptions>(coldLlm, given);
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, n) => sum + value * b[n], 0);

/** Two groups of users, each with warm items of its own; two cold items, one simulated for each group. */
function twoTastes() {
  const rows = Array.from({ length: 12 }, (_, user) =>
    Array.from({ length: 12 }, (_, item) =>
      item < 10 && item % 2 === user % 2 && (user + item) % 5 > 0 ? 1 : 0,
    ),
  );
  const train = trainingOf(matrixOf(rows));
  const pairs = { users: Int32Array.of(0, 2, 4, 1, 3, 5), items: Int32Array.of(10, 10, 10, 11, 11, 11) };
  return { train, pairs };
}

const TRAINING = {
  als: { factors: 2, regularization: 0.1, alpha: 5 },
  "bpr-mf": { embeddingSize: 8, learningRate: 0.05, epochs: 60, batchSize: 16 },
  lightgcn: { embeddingSize: 8, layers: 2, learningRate: 0.05, epochs: 60, batchSize: 16 },
  ngcf: { embeddingSize: 8, layers: 1, learningRate: 0.02, epochs: 60, batchSize: 16 },
} as const;
const COLD_ONLY = { learningRate: 0.05, epochs: 60, batchSize: 4 };

describe("the update of cold items", () => {
  it.each(["als", "bpr-mf", "lightgcn", "ngcf"] as const)(
    "teaches %s whom a cold item is for, jointly and alone",
    async (backbone) => {
      const { train, pairs } = twoTastes();
      for (const update of ["joint", "cold-only"] as const) {
        const options = optionsOf({ backbone, training: TRAINING[backbone], update, coldOnly: COLD_ONLY });
        const { users, items, size } = await updateEmbeddings(train, pairs, options, contextOf("coldllm"));
        const score = (user: number, item: number) =>
          dot(users.subarray(user * size, (user + 1) * size), items.subarray(item * size, (item + 1) * size));
        // Users 6 to 11 are in no simulated pair: they must be reached through their taste.
        for (let user = 6; user < 12; user++) {
          const [own, other] = user % 2 === 0 ? [10, 11] : [11, 10];
          expect(score(user, own)).toBeGreaterThan(score(user, other));
        }
      }
    },
    20_000,
  );

  it("leaves users and warm items untouched unless it is joint", async () => {
    const { train, pairs } = twoTastes();
    const given = { backbone: "als", training: TRAINING.als, coldOnly: COLD_ONLY };
    const context = contextOf("coldllm");
    const random = backboneRandom(1);
    const bare = await trainAls(train, optionsOf(given).training as never, { ...context, random });
    for (const update of ["cold-only", "fold-in", "mean"]) {
      const { users, items, size } = await updateEmbeddings(
        train,
        pairs,
        optionsOf({ ...given, update }),
        context,
      );
      expect(users).toEqual(bare.users);
      expect(items.subarray(0, 10 * size)).toEqual(bare.items.subarray(0, 10 * size));
      expect(items.subarray(10 * size).every((value) => value === 0)).toBe(false);
    }
    const joint = await updateEmbeddings(train, pairs, optionsOf(given), context);
    expect(joint.users).not.toEqual(bare.users);
  });

  it("gives the same numbers whoever asks, and others for another seed", async () => {
    const { train, pairs } = twoTastes();
    const options = optionsOf({ backbone: "bpr-mf", training: { ...TRAINING["bpr-mf"], epochs: 2 } });
    const [one, two, three] = await Promise.all(
      [contextOf("coldllm"), contextOf("coldllm-random"), contextOf("coldllm", 2)].map((context) =>
        updateEmbeddings(train, pairs, options, context),
      ),
    );
    expect(two).toEqual(one);
    expect(three).not.toEqual(one);
  });

  it("refuses to fold in where nothing was solved", async () => {
    const { train, pairs } = twoTastes();
    const options = optionsOf({ update: "fold-in" });
    expect(await failureOf(updateEmbeddings(train, pairs, options, contextOf("coldllm")))).toMatchObject({
      exit: 2,
      code: "BAD_OPTION",
    });
  });
});

describe("cold items alone", () => {
  const random = Random.fromSeed(3);
  const frozen = { size: 3, users: random.normals(5 * 3), items: random.normals(4 * 3) };
  const simulated = csrFromPairs(5, 4, [0, 1, 4], [3, 3, 2]);
  const userRow = (user: number) => frozen.users.subarray(3 * user, 3 * user + 3);

  it("take the mean of their users", () => {
    const { items } = meanOfUsers(frozen, simulated);
    expect(items.subarray(0, 6)).toEqual(frozen.items.subarray(0, 6));
    expect(Array.from(items.subarray(6, 9))).toEqual(Array.from(userRow(4)));
    Array.from(items.subarray(9)).forEach((value, d) => {
      expect(value).toBeCloseTo((userRow(0)[d] + userRow(1)[d]) / 2, 6);
    });
  });

  it("solve the normal equations when folded in", async () => {
    const [alpha, regularization] = [4, 0.3];
    const sweep = { size: 3, alpha, regularization, scaling: 1, cgSteps: 20 };
    const { items } = await foldIn(frozen, simulated, sweep, new AbortController().signal);
    for (const item of [2, 3]) {
      const own = [0, 1, 2, 3, 4].filter((user) => hasEntry(simulated, user, item));
      const y = items.subarray(3 * item, 3 * item + 3);
      // (X'X + ridge I + alpha sum x x') y - (1 + alpha) sum x = 0, row by row.
      for (let d = 0; d < 3; d++) {
        let left = regularization * own.length * y[d];
        for (let user = 0; user < 5; user++) {
          const weight = own.includes(user) ? 1 + alpha : 1;
          left +=
            weight * userRow(user)[d] * dot(userRow(user), y) -
            (own.includes(user) ? weight * userRow(user)[d] : 0);
        }
        expect(left).toBeCloseTo(0, 4);
      }
    }
  });

  it("move along the gradient of BPR (by differences)", async () => {
    const batch = {
      user: int32(Int32Array.of(0, 1, 4)),
      positive: int32(Int32Array.of(3, 3, 2)),
      negative: int32(Int32Array.of(0, 2, 1)),
    };
    const start = random.normals(2 * 3, 0.5);
    const lossAt = (cold: Float32Array) => {
      const rowOf = (item: number) =>
        item < 2
          ? frozen.items.subarray(3 * item, 3 * item + 3)
          : cold.subarray(3 * (item - 2), 3 * (item - 2) + 3);
      let loss = 0;
      for (let n = 0; n < 3; n++) {
        const [u, p, q] = [
          userRow(batch.user.data[n]),
          rowOf(batch.positive.data[n]),
          rowOf(batch.negative.data[n]),
        ];
        loss += Math.log(1 + Math.exp(dot(u, q) - dot(u, p))) / 3;
        for (const [item, row] of [
          [batch.positive.data[n], p],
          [batch.negative.data[n], q],
        ] as const)
          if (item >= 2) loss += (0.1 / 6) * dot(row, row);
      }
      return loss;
    };
    // Adam's first moment after one step is a tenth of the gradient.
    const model = new ColdItemModel(frozen, Uint8Array.of(0, 0, 1, 1), {
      learningRate: 0.1,
      regularization: 0.1,
    });
    model.setParameterRecord({ items: { ...model.parameterRecord().items, data: start } });
    await model.train(batch);
    const moment = model.snapshot().tensors["slot.m:items"].data as Float32Array;
    start.forEach((_, at) => {
      const shifted = (by: number) => {
        const copy = start.slice();
        copy[at] += by;
        return lossAt(copy);
      };
      expect(10 * moment[at]).toBeCloseTo((shifted(1e-3) - shifted(-1e-3)) / 2e-3, 3);
    });
  });
});

describe("pairs", () => {
  it("join the real ones without doubling them", () => {
    const real = randomMatrix(1, 6, 5, 0.3, 1);
    const joined = withSimulated(real, {
      users: Int32Array.of(2, 0),
      items: Int32Array.of(4, rowIndices(real, 0)[0]),
    });
    expect(joined.indices.length).toBe(real.indices.length + 1);
    expect(hasEntry(joined, 2, 4)).toBe(true);
  });

  it("are chosen by place", () => {
    const pairs = { users: Int32Array.of(5, 6, 7), items: Int32Array.of(1, 2, 3) };
    expect(selectPairs(pairs, (at) => at !== 1)).toEqual({
      users: Int32Array.of(5, 7),
      items: Int32Array.of(1, 3),
    });
  });
});
