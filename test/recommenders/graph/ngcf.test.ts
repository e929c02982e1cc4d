import { describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import { int32 } from "../../../src/engine/run/tensor.js";
import { NgcfModel } from "../../../src/recommenders/graph/ngcf-model.js";
import { dense, randomMatrix } from "../support.js";

const [USERS, ITEMS, SIZE, LAYERS] = [4, 5, 3, 2];
const matrix = randomMatrix(2, USERS, ITEMS, 0.3, 1);
const options = { embeddingSize: SIZE, layers: LAYERS, dropout: 0, regularization: 0.2, learningRate: 0.01 };
/** Repeated rows in every place. */
const batch = {
  user: int32([0, 1, 0, 3]),
  positive: int32([1, 0, 1, 2]),
  negative: int32([2, 3, 3, 1]),
};

type Values = Record<string, number[]>;

/** Equations 7 and 8 of the paper with dense matrices in double precision, and the loss with its penalty. */
function lossOf(values: Values): { ranking: number; whole: number } {
  const table = dense(matrix);
  const rows = USERS + ITEMS;
  const edge = (a: number, b: number) => {
    const [user, item] = a < b ? [a, b - USERS] : [b, a - USERS];
    return user < USERS && item >= 0 && table[user][item] === 1 ? 1 : 0;
  };
  const all = Array.from({ length: rows }, (_, n) => n);
  const degree = all.map((a) => all.reduce((sum, b) => sum + edge(a, b), 0));
  let now = all.map((row) => values.embeddings.slice(row * SIZE, (row + 1) * SIZE));
  let joined = now.map((row) => [...row]);
  for (let layer = 0; layer < LAYERS; layer++) {
    const weight = (name: string) => values[`${name}.${layer}`];
    now = all.map((a) => {
      const near = now[a].map((_, d) =>
        all.reduce(
          (sum, b) => sum + (edge(a, b) === 1 ? now[b][d] / Math.sqrt(degree[a] * degree[b]) : 0),
          0,
        ),
      );
      const out = near.map((_, d) => {
        let sum = weight("sumBias")[d] + weight("productBias")[d];
        near.forEach((value, k) => {
          sum += (now[a][k] + value) * weight("sumWeight")[k * SIZE + d];
          sum += now[a][k] * value * weight("productWeight")[k * SIZE + d];
        });
        return sum > 0 ? sum : 0.2 * sum;
      });
      const length = Math.sqrt(out.reduce((sum, value) => sum + value * value, 1e-24));
      return out.map((value) => value / length);
    });
    joined = joined.map((row, n) => [...row, ...now[n]]);
  }
  const dot = (a: number[], b: number[]) => a.reduce((sum, value, d) => sum + value * b[d], 0);
  const count = batch.user.data.length;
  let [ranking, penalty] = [0, 0];
  for (let n = 0; n < count; n++) {
    const u = joined[batch.user.data[n]];
    const [p, q] = [batch.positive.data[n], batch.negative.data[n]].map((item) => joined[USERS + item]);
    ranking += Math.log1p(Math.exp(dot(u, q) - dot(u, p))) / count;
    penalty += (dot(u, u) + dot(p, p) + dot(q, q)) / (2 * count);
  }
  return { ranking, whole: ranking + options.regularization * penalty };
}

describe("NgcfModel", () => {
  it("has the loss and every parameter's gradient of finite differences", async () => {
    const model = await NgcfModel.create(matrix, options, Random.fromSeed(3));
    const random = Random.fromSeed(4);
    for (const [name, { data }] of Object.entries(model.parameters))
      if (name.includes("Bias")) data.set(random.normals(SIZE, 0.3));
    const { loss, gradients } = await model.differentiate(batch);
    const values: Values = Object.fromEntries(
      Object.entries(model.parameters).map(([name, { data }]) => [name, Array.from(data)]),
    );
    expect(loss).toBeCloseTo(lossOf(values).ranking, 5);
    expect(Object.keys(gradients).sort()).toEqual(Object.keys(values).sort());
    const isCold = (at: number) => at >= (USERS + ITEMS - 1) * SIZE;
    const step = 1e-6;
    for (const [name, list] of Object.entries(values)) {
      list.forEach((value, at) => {
        // A cold item's row is not of use to anyone, and stays out of every batch.
        if (name === "embeddings" && isCold(at)) return;
        const shifted = (by: number) => {
          list[at] = value + by;
          const { whole } = lossOf(values);
          list[at] = value;
          return whole;
        };
        const slope = (shifted(step) - shifted(-step)) / (2 * step);
        expect(gradients[name][at], `${name} ${at}`).toBeCloseTo(slope, 4);
      });
    }
    expect(Array.from(gradients.embeddings.slice((USERS + ITEMS - 1) * SIZE))).toEqual([0, 0, 0]);
    await model.release();
  });

  it("drops a layer's outputs in training only, anew in every step", async () => {
    const model = await NgcfModel.create(matrix, { ...options, dropout: 0.5 }, Random.fromSeed(3));
    const whole = await NgcfModel.create(matrix, options, Random.fromSeed(3));
    expect(await model.embeddings()).toEqual(await whole.embeddings());
    const first = await model.differentiate(batch);
    expect(first).toEqual(await model.differentiate(batch));
    expect(first.loss).not.toBe((await whole.differentiate(batch)).loss);
    model.step = 1;
    expect((await model.differentiate(batch)).loss).not.toBe(first.loss);
    await model.release();
    await whole.release();
  });
});
