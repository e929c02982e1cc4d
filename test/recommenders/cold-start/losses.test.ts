import { describe, expect, it } from "vitest";
import type { Parameters } from "../../../src/recommenders/ctr/model.js";
import { Random } from "../../../src/core/random.js";
import { float32, int32 } from "../../../src/engine/run/tensor.js";
import { aldiModel } from "../../../src/recommenders/cold-start/aldi.js";
import { hasEntry, rowIndices } from "../../../src/data/csr.js";
import { clcRecModel } from "../../../src/recommenders/cold-start/clcrec.js";
import { garModel } from "../../../src/recommenders/cold-start/gar.js";
import { metaEmbeddingModel } from "../../../src/recommenders/cold-start/meta-embedding.js";
import { mtprModel } from "../../../src/recommenders/cold-start/mtpr.js";
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
  WARM,
} from "./support.js";

const tables = smallTables(3, 4, 2, 3);
const widths = { factors: 2, content: 3 };
const [users, items, content] = [tables.users, tables.items, tables.content].map(rowsOf);
const random = Random.fromSeed("losses");

const triples = [
  [0, 1, 2],
  [2, 0, 1],
  [1, 2, 0],
];
const tripleBatch = Object.fromEntries(
  ["user", "positive", "negative"].map((name, k) => [name, int32(triples.map((triple) => triple[k]))]),
);

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
    expect(await lossOf(aldiModel, parameters, tripleBatch, tables, options)).toBeCloseTo(expected, 4);
  });

  it("MetaEmb: before and after a step on other users", async () => {
    const options = { alpha: 0.3, innerRate: 2, shots: 1 };
    const parameters = metaEmbeddingModel.parameters(widths, options, random.fork("meta"), tables);
    // For each item a user with it and one without: first for the step, then to judge it.
    const cases = [
      { item: 1, first: [0, 2], second: [1, 0] },
      { item: 2, first: [1, 0], second: [2, 1] },
    ];
    const labels = [1, 0];
    const bce = (own: readonly number[], e: readonly number[], label: number) =>
      softplus(dot(own, e)) - label * dot(own, e);
    const [before, after] = [[] as number[], [] as number[]];
    for (const { item, first, second } of cases) {
      const e = denseOf(parameters, "generator", content[item]);
      first.forEach((u, n) => before.push(bce(users[u], e, labels[n])));
      // By differences: the closed form is not used here.
      const cost = (at: readonly number[]) => meanOf(first.map((u, n) => bce(users[u], at, labels[n])));
      const slope = e.map((_, k) => {
        const moved = (by: number) => e.map((x, other) => (other === k ? x + by : x));
        return (cost(moved(1e-5)) - cost(moved(-1e-5))) / 2e-5;
      });
      const stepped = e.map((x, k) => x - 2 * slope[k]);
      second.forEach((u, n) => after.push(bce(users[u], stepped, labels[n])));
    }
    const batch = {
      item: int32(cases.map(({ item }) => item)),
      first: int32(
        cases.flatMap(({ first }) => first),
        [2, 2],
      ),
      second: int32(
        cases.flatMap(({ second }) => second),
        [2, 2],
      ),
    };
    const expected = 0.3 * meanOf(before) + 0.7 * meanOf(after);
    expect(await lossOf(metaEmbeddingModel, parameters, batch, tables, options)).toBeCloseTo(expected, 4);
  });

  it("MetaEmb judges on users with the item, then on users without it", () => {
    const { matrix } = twoTastes();
    const options = { alpha: 0, innerRate: 0, shots: 3 };
    const source = sourceOf(matrix);
    const count = metaEmbeddingModel.examples(source);
    const { item, first, second } = metaEmbeddingModel.batch(
      Int32Array.from({ length: count }, (_, n) => n),
      source,
      options,
      random.fork("users"),
    );
    expect(count).toBe(WARM);
    item.data.forEach((one, n) => {
      const having = [first, second].flatMap(({ data }) => Array.from(data.subarray(n * 6, n * 6 + 3)));
      const others = [first, second].flatMap(({ data }) => Array.from(data.subarray(n * 6 + 3, n * 6 + 6)));
      expect(having.every((user) => hasEntry(matrix, user, one))).toBe(true);
      expect(others.some((user) => hasEntry(matrix, user, one))).toBe(false);
      const known = rowIndices(source.usersOf, one).length;
      expect(new Set(having).size).toBe(Math.min(6, known));
    });
  });

  it("MTPR: four rankings, with and without the items' embeddings", async () => {
    const parameters = mtprModel.parameters(widths, {}, random.fork("mtpr"), tables);
    const [tastes, projection] = [rowsOf(parameters.tastes), rowsOf(parameters.projection)];
    const byContent = (u: number, i: number) =>
      dot(
        tastes[u],
        [0, 1].map((k) =>
          dot(
            content[i],
            projection.map((row) => row[k]),
          ),
        ),
      );
    const score = (u: number, i: number) => [byContent(u, i) + dot(users[u], items[i]), byContent(u, i)];
    const losses = triples.map(([u, i, j]) =>
      score(u, i)
        .flatMap((above) => score(u, j).map((below) => softplus(below - above)))
        .reduce((sum, x) => sum + x),
    );
    expect(await lossOf(mtprModel, parameters, tripleBatch, tables, {})).toBeCloseTo(meanOf(losses), 4);
  });

  it("GAR: two players' losses", async () => {
    const options = { alpha: 0.2, beta: 0.3 };
    const parameters = garModel.parameters(widths, options, random.fork("gar"), tables);
    const generated = (i: number) =>
      denseOf(parameters, "output", denseOf(parameters, "hidden", content[i]).map(Math.tanh)).map(Math.tanh);
    const bpr = (pairs: readonly (readonly [number, number])[]) =>
      meanOf(pairs.map(([above, below]) => softplus(below - above)));
    const real = triples.map(([u, i]) => dot(users[u], items[i]));
    const fake = triples.map(([u, i]) => dot(users[u], generated(i)));
    const negative = triples.map(([u, , j]) => dot(users[u], items[j]));
    const distance = meanOf(triples.flatMap(([, i]) => generated(i).map((x, k) => (x - items[i][k]) ** 2)));
    const expected =
      0.7 * bpr(real.map((x, n) => [x, fake[n]])) +
      0.3 * bpr(real.map((x, n) => [x, negative[n]])) +
      0.8 * bpr(fake.map((x, n) => [x, real[n]])) +
      0.2 * distance;
    expect(await lossOf(garModel, parameters, tripleBatch, tables, options)).toBeCloseTo(expected, 4);
  });

  it("CLCRec: shares among random items, of content and of users", async () => {
    const options = { hidden: 4, negatives: 2, temperature: 0.7, lambda: 0.4, mixed: 0.5 };
    const parameters = clcRecModel.parameters(widths, options, random.fork("clcrec"), tables);
    const encoded = (i: number) =>
      denseOf(
        parameters,
        "output",
        denseOf(parameters, "hidden", content[i]).map((x) => (x > 0 ? x : 0.01 * x)),
      );
    const cosine = (a: readonly number[], b: readonly number[]) =>
      dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    const pairs = [
      [0, 1],
      [2, 0],
    ];
    const [negatives, positiveMixed, negativesMixed] = [
      [2, 0],
      [1, 0],
      [0, 1],
    ];
    // The second pair's positive is among the negatives: it must not compete with itself.
    const competes = [
      [true, true],
      [true, false],
    ];
    const share = (own: number, others: readonly number[]) =>
      -Math.log(Math.exp(own / 0.7) / [own, ...others].reduce((sum, x) => sum + Math.exp(x / 0.7), 0));
    const losses = pairs.map(([u, i], n) => {
      const others = negatives.map((item, m) => ({ item, m })).filter(({ m }) => competes[n][m]);
      const byContent = share(
        cosine(items[i], encoded(i)),
        others.map(({ item }) => cosine(items[i], encoded(item))),
      );
      const either = (item: number, mixed: number) => (mixed === 1 ? encoded(item) : items[item]);
      const byUser = share(
        dot(users[u], either(i, positiveMixed[n])),
        others.map(({ item, m }) => dot(users[u], either(item, negativesMixed[m]))),
      );
      return 0.4 * byContent + 0.6 * byUser;
    });
    const batch = {
      user: int32(pairs.map(([u]) => u)),
      positive: int32(pairs.map(([, i]) => i)),
      negatives: int32(negatives),
      positiveMixed: float32(positiveMixed, [2, 1]),
      negativesMixed: float32(negativesMixed, [2, 1]),
      excluded: float32(
        competes.flat().map((yes) => (yes ? 0 : -1e9)),
        [2, 2],
      ),
    };
    expect(await lossOf(clcRecModel, parameters, batch, tables, options)).toBeCloseTo(meanOf(losses), 4);
  });

  it("CLCRec lets no item that the user has compete", () => {
    const { matrix } = twoTastes();
    const options = { hidden: 1, negatives: 20, temperature: 1, lambda: 0, mixed: 0.25 };
    const { user, negatives, excluded, negativesMixed } = clcRecModel.batch(
      Int32Array.of(0, 40, 90),
      sourceOf(matrix),
      options,
      random.fork("negatives"),
    );
    user.data.forEach((one, n) => {
      negatives.data.forEach((item, m) => {
        expect(excluded.data[n * 20 + m] < -1e6).toBe(hasEntry(matrix, one, item));
      });
    });
    expect(meanOf(Array.from(negativesMixed.data))).toBeGreaterThan(0);
    expect(meanOf(Array.from(negativesMixed.data))).toBeLessThan(0.6);
  });
});
