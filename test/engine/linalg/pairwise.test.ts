import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packageRoot } from "../../../src/core/files.js";
import { sha256 } from "../../../src/core/hash.js";
import { Random } from "../../../src/core/random.js";
import { PAIRWISE_SOURCE } from "../../../src/engine/generated/pairwise-wasm.js";
import { PairwiseTable, type RowGraph } from "../../../src/engine/linalg/pairwise.js";
import { restride } from "../../../src/engine/linalg/sparse-rows.js";

/** Seven rows; the last has no edge. */
const EDGES = [
  [0, 3],
  [0, 4],
  [1, 4],
  [1, 5],
  [2, 3],
  [2, 5],
  [0, 5],
];
const ROWS = 7;
const neighbours = Array.from({ length: ROWS }, (_, row) =>
  EDGES.flatMap(([a, b]) => (a === row ? [b] : b === row ? [a] : [])).sort((a, b) => a - b),
);
const scale = neighbours.map((ends, row) => (ends.length === 0 ? 0 : 0.4 + 0.1 * row));
const offsets = [0];
for (const ends of neighbours) offsets.push(offsets[offsets.length - 1] + ends.length);
const graph: RowGraph = {
  pattern: {
    rows: ROWS,
    columns: ROWS,
    offsets: Int32Array.from(offsets),
    indices: Int32Array.from(neighbours.flat()),
  },
  scale: Float32Array.from(scale),
};
/** Repeated rows in every place. */
const triples = {
  user: Int32Array.from([0, 1, 2, 0, 2]),
  positive: Int32Array.from([3, 4, 5, 3, 3]),
  negative: Int32Array.from([5, 3, 4, 6, 4]),
};

type Rows = number[][];

/** (x + A x + ... + A^L x) / (L + 1) by dense loops in double precision. */
function smoothed(x: Rows, layers: number): Rows {
  const sum = x.map((row) => [...row]);
  let now = x;
  for (let layer = 0; layer < layers; layer++) {
    now = now.map((row, r) =>
      row.map((_, d) => neighbours[r].reduce((total, c) => total + scale[r] * scale[c] * now[c][d], 0)),
    );
    now.forEach((row, r) => {
      row.forEach((value, d) => (sum[r][d] += value));
    });
  }
  return sum.map((row) => row.map((value) => value / (layers + 1)));
}

const dot = (a: number[], b: number[]) => a.reduce((sum, value, d) => sum + value * b[d], 0);

function losses(x: Rows, layers: number, regularization: number): { ranking: number; whole: number } {
  const f = smoothed(x, layers);
  const count = triples.user.length;
  let ranking = 0;
  let penalty = 0;
  for (let n = 0; n < count; n++) {
    const rows = [triples.user[n], triples.positive[n], triples.negative[n]];
    const [u, p, q] = rows.map((row) => f[row]);
    ranking += Math.log1p(Math.exp(dot(u, q) - dot(u, p))) / count;
    for (const row of rows) penalty += dot(x[row], x[row]) / (2 * count);
  }
  return { ranking, whole: ranking + regularization * penalty };
}

async function tableOf(size: number, layers: number, seed = 1) {
  const values = Random.fromSeed(seed).normals(ROWS * size, 0.7);
  const table = await PairwiseTable.create(ROWS, size, 8, layers, layers > 0 ? graph : undefined);
  restride(values, size, table.state.table, table.stride);
  const rows = Array.from({ length: ROWS }, (_, row) =>
    Array.from(values.subarray(row * size, (row + 1) * size)),
  );
  return { table, rows };
}

const at = (values: Float32Array, stride: number, row: number, d: number) => values[row * stride + d];

describe("PairwiseTable", () => {
  it("is compiled from the source beside it", () => {
    const source = readFileSync(join(packageRoot(), "src/engine/linalg/pairwise.wat"), "utf8");
    expect(
      PAIRWISE_SOURCE,
      "pairwise.wat has changed: compile it again (src/engine/generated/README.md)",
    ).toBe(sha256(source));
  });

  describe.each([0, 1, 2, 3])("with %i layers", (layers) => {
    it.each([1, 16, 21, 64])("smooths rows (size %i)", async (size) => {
      const { table, rows } = await tableOf(size, layers);
      const expected = smoothed(rows, layers);
      const found = table.smoothed();
      expected.forEach((row, r) => {
        row.forEach((value, d) => {
          expect(at(found, table.stride, r, d)).toBeCloseTo(value, 5);
        });
      });
    });

    it.each([
      [3, 0],
      [18, 0.3],
    ])("has the loss and the gradient of finite differences (size %i, lambda %f)", async (size, lambda) => {
      const { table, rows } = await tableOf(size, layers);
      const { loss, gradient } = table.differentiate(triples, lambda);
      expect(loss).toBeCloseTo(losses(rows, layers, lambda).ranking, 5);
      const step = 1e-5;
      rows.forEach((row, r) => {
        row.forEach((value, d) => {
          const shifted = (by: number) => {
            row[d] = value + by;
            const { whole } = losses(rows, layers, lambda);
            row[d] = value;
            return whole;
          };
          const slope = (shifted(step) - shifted(-step)) / (2 * step);
          expect(at(gradient, table.stride, r, d)).toBeCloseTo(slope, 5);
        });
      });
    });
  });

  it("keeps loss and gradient finite for scores of any size", async () => {
    const { table } = await tableOf(4, 0);
    const { table: values } = table.state;
    for (let n = 0; n < values.length; n++) values[n] *= 1e4;
    const { loss, gradient } = table.differentiate(triples, 0);
    expect(Number.isFinite(loss)).toBe(true);
    expect(gradient.every(Number.isFinite)).toBe(true);
  });

  it("steps as PyTorch's Adam", async () => {
    // w = torch.nn.Parameter(torch.tensor([0.5, -1., 2.])); o = torch.optim.Adam([w], lr=0.1)
    // for g in ([1., 0., -3.], [0.5, 0., 4.], [-2., 1e-3, 1.]): w.grad = torch.tensor(g); o.step()
    const { table } = await tableOf(3, 0);
    table.state.table.set([0.5, -1, 2]);
    const gradients = [
      [1, 0, -3],
      [0.5, 0, 4],
      [-2, 1e-3, 1],
    ];
    gradients.forEach((values, n) => {
      const { gradient } = table.differentiate(triples, 0);
      gradient.fill(0);
      gradient.set(values);
      table.adam({ step: n + 1, learningRate: 0.1 });
    });
    const expected = [0.3274177312850952, -1.063880205154419, 2.0534451007843018];
    expected.forEach((value, d) => {
      expect(table.state.table[d]).toBeCloseTo(value, 6);
    });
  });
});

it("refuses what can't fit, with an estimate", async () => {
  await expect(PairwiseTable.create(20_000_000, 64, 2048)).rejects.toMatchObject({
    code: "OUT_OF_MEMORY",
    message: expect.stringMatching(/20000000 rows of 64 numbers .* needs about 20\.5 GB of memory/) as string,
  });
});
