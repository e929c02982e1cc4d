import { describe, expect, it } from "vitest";
import type { Parameters } from "../../../src/recommenders/ctr/model.js";
import { Random } from "../../../src/core/random.js";
import { float32, int32 } from "../../../src/engine/run/tensor.js";
import { aldiModel } from "../../../src/recommenders/cold-start/aldi.js";
import { dropoutNetModel } from "../../../src/recommenders/cold-start/dropoutnet.js";
import { deepMusicModel } from "../../../src/recommenders/cold-start/deepmusic.js";
import {
  denseOf,
  dot,
  lossOf,
  meanOf,
  rowsOf,
  sigmoid,
  smallTables,
  softplus,
  sourceOf,
  twoTastes,
} from "./support.js";

const tables = smallTables(3, 4, 2, 3);
const widths = { factors: 2, content: 3 };
const [users, items, content] = [tables.users, tables.items, tables.content].map(rowsOf);
const random = Random.fromSeed("losses");

/** tanh network of one hidden layer, by the names that the models give theirs. */
function mlpOf(parameters: Parameters, name: string, x: readonly number[]): number[] {
  return denseOf(parameters, `${name}Output`, denseOf(parameters, `${name}Hidden`, x).map(Math.tanh));
}

describe("losses, against plain arithmetic", () => {
  it("DeepMusic: squared error of the predicted embeddings", async () => {
    const options = { hidden: 5 };
    const parameters = deepMusicModel.parameters(widths, options, random.fork("deepmusic"), tables);
    const batch = [2, 0];
    const errors = batch.flatMap((item) => {
      const hidden = denseOf(parameters, "hidden", content[item]).map((x) => Math.max(x, 0));
      return denseOf(parameters, "output", hidden).map((x, k) => (x - items[item][k]) ** 2);
    });
    const found = await lossOf(deepMusicModel, parameters, { item: int32(batch) }, tables, options);
    expect(found).toBeCloseTo(meanOf(errors), 5);
  });

  it("DropoutNet: squared error of the scores, with hidden embeddings as 0", async () => {
    const options = { hidden: 4, dropout: 0.5 };
    const parameters = dropoutNetModel.parameters(widths, options, random.fork("dropoutnet"), tables);
    const batch = {
      user: int32([1, 2]),
      positive: int32([0, 2]),
      negative: int32([2, 1]),
      positiveSeen: float32([1, 0], [2, 1]),
      negativeSeen: float32([0, 1], [2, 1]),
    };
    const user = (u: number) => mlpOf(parameters, "user", users[u]);
    const item = (i: number, seen: number) =>
      mlpOf(parameters, "item", [...items[i].map((x) => x * seen), ...content[i]]);
    const errors = [
      [1, 0, 1],
      [2, 2, 0],
      [1, 2, 0],
      [2, 1, 1],
    ].map(([u, i, seen]) => (dot(user(u), item(i, seen)) - dot(users[u], items[i])) ** 2);
    const found = await lossOf(dropoutNetModel, parameters, batch, tables, options);
    expect(found).toBeCloseTo(meanOf(errors), 4);
  });

  it("DropoutNet hides about the share of embeddings that it should", () => {
    const source = sourceOf(twoTastes().matrix);
    const { positiveSeen, negativeSeen } = dropoutNetModel.batch(
      new Int32Array(4000),
      source,
      { hidden: 1, dropout: 0.3 },
      random.fork("hidden"),
    );
    expect(meanOf(Array.from(positiveSeen.data))).toBeCloseTo(0.7, 1);
    expect(Array.from(positiveSeen.data)).not.toEqual(Array.from(negativeSeen.data));
  });

  it("ALDI: ranking by itself and as the teacher, standing out, and distance of scores", async () => {
    const options = { hidden: 4, alpha: 0.7, beta: 0.3, gamma: 0.2 };
    const parameters = aldiModel.parameters(widths, options, random.fork("aldi"), tables);
    const triples = [
      [0, 1, 2],
      [2, 0, 1],
      [1, 2, 0],
    ];
    const batch = Object.fromEntries(
      ["user", "positive", "negative"].map((name, k) => [name, int32(triples.map((triple) => triple[k]))]),
    );
    const t = (u: number, i: number) => dot(users[u], items[i]);
    const mappedItem = (i: number) => mlpOf(parameters, "item", content[i]);
    const s = (u: number, i: number) => dot(mlpOf(parameters, "user", users[u]), mappedItem(i));
    const bce = (logit: number, label: number) => softplus(logit) - label * logit;
    const outOf = (rows: readonly number[][]) =>
      rows.map((row) =>
        dot(
          row,
          row.map((x, k) => x - meanOf(rows.map((other) => other[k]))),
        ),
      );
    const positives = triples.map(([, i]) => i);
    const teacherOut = outOf(positives.map((i) => items[i]));
    const studentOut = outOf(positives.map(mappedItem));
    const expected =
      meanOf(triples.map(([u, i, j]) => softplus(s(u, j) - s(u, i)))) +
      0.7 * meanOf(triples.map(([u, i, j]) => bce(s(u, i) - s(u, j), sigmoid(t(u, i) - t(u, j))))) +
      0.3 * meanOf(studentOut.map((d, n) => bce(d, sigmoid(teacherOut[n])))) +
      0.2 * meanOf(triples.map(([u, i, j]) => Math.abs(t(u, i) - s(u, i)) + Math.abs(t(u, j) - s(u, j))));
    expect(await lossOf(aldiModel, parameters, batch, tables, options)).toBeCloseTo(expected, 4);
  });
});
