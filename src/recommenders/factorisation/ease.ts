import { z } from "zod";
import { Pace } from "../../core/pace.js";
import { type Csr, transposeCsr } from "../../data/csr.js";
import { invertSpd } from "../../engine/linalg/spd-inverse.js";
import { restride, SparseRows } from "../../engine/linalg/sparse-rows.js";
import type { Fitted, Recommender, RunContext } from "../recommender.js";
import { fitBest } from "../validation.js";
import { gramMatrix, usedRows } from "./gram.js";

const options = z.strictObject({
  /**
   * Strength of the ridge, lambda in the paper, or several to choose from by {@link fitBest}.
   * What is best grows with the interactions an item has, so no one number serves two data sets.
   */
  lambda: z.union([z.number().positive(), z.array(z.number().positive()).min(1)]).default([100, 20, 500]),
});

/**
 * EASE: the linear model `X B` that best restores the training matrix X under a ridge, with a zero diagonal so that no
 * item explains itself. With `P = (X^T X + lambda I)^-1` the solution is `B = I - P diag(1 / P_jj)`.
 * The smaller side is inverted: by items ({@link fitPrimal}) or, exactly equal, by users ({@link fitDual}). A cold item's
 * column of X is empty, so its score is 0, and all cold items tie. (A warm item's score may be negative.)
 */
export const ease: Recommender<"cold-start", z.infer<typeof options>> = {
  id: "ease",
  task: "cold-start",
  kind: "classic",
  summary: "Linear autoencoder in closed form (Steck, WWW 2019).",
  options,
  seeded: false,
  fit(train, { lambda }, context) {
    const { matrix } = train;
    const users = usedRows(matrix).length;
    const items = usedRows(transposeCsr(matrix)).length;
    const fitOne = users < items ? fitDual : fitPrimal;
    const settings = [lambda].flat().map((one) => ({ lambda: one }));
    return fitBest("ease", settings, train, (setting) => fitOne(matrix, setting.lambda, context), context);
  },
};

type Watch = Pick<RunContext, "progress" | "signal">;

/** Inverts [warm items, warm items] and keeps B: `score = X B`. */
export async function fitPrimal(matrix: Csr, lambda: number, context: Watch): Promise<Fitted<"cold-start">> {
  const columns = transposeCsr(matrix);
  const warm = usedRows(columns);
  const n = warm.length;
  const inverse = await invertWatched(gramMatrix(columns, matrix, warm, lambda), n, context);
  const weights = new Float32Array(n * n);
  for (let row = 0; row < n; row++) {
    for (let column = 0; column < n; column++) {
      weights[row * n + column] =
        row === column ? 0 : -inverse[row * n + column] / inverse[column * n + column];
    }
  }
  const place = new Int32Array(matrix.columns);
  warm.forEach((item, at) => (place[item] = at));
  const compact = { ...matrix, columns: n, indices: matrix.indices.map((item) => place[item]) };
  const rows = await SparseRows.create(compact, n, 1);
  restride(weights, n, rows.columns, rows.stride);
  return {
    answer: async (cases, { signal }) => {
      const block = new Float32Array(cases.length * matrix.columns);
      const pace = new Pace(signal);
      for (let row = 0; row < cases.length; row++) {
        const sums = rows.blocks.x.fill(0);
        rows.addEntries(cases[row].user, 1, "p", "x", 1, 0);
        const start = row * matrix.columns;
        for (let column = 0; column < n; column++) block[start + warm[column]] = sums[column];
        if (pace.due()) await pace.breathe();
      }
      return block;
    },
  };
}

/**
 * Inverts [users, users] instead. With `K = (X X^T + lambda I)^-1` and `Z = K X` (which equals `X P`),
 * `lambda P_jj = 1 - sum over users u of X_uj Z_uj`, and `score = X - Z diag(1 / P_jj)`. Z is never stored: a user's row
 * is made of one row of K and the entries of X.
 */
export async function fitDual(matrix: Csr, lambda: number, context: Watch): Promise<Fitted<"cold-start">> {
  const columns = transposeCsr(matrix);
  const active = usedRows(matrix);
  const n = active.length;
  const kernel = await invertWatched(gramMatrix(matrix, columns, active, lambda), n, context);
  const place = new Int32Array(matrix.rows).fill(-1);
  active.forEach((user, at) => (place[user] = at));
  const usersOf = columns.indices.map((user) => place[user]);

  const scale = new Float64Array(matrix.columns);
  for (let item = 0; item < matrix.columns; item++) {
    let explained = 0;
    for (let a = columns.offsets[item]; a < columns.offsets[item + 1]; a++) {
      const start = usersOf[a] * n;
      for (let b = columns.offsets[item]; b < columns.offsets[item + 1]; b++)
        explained += kernel[start + usersOf[b]];
    }
    scale[item] = lambda / (1 - explained);
  }

  return {
    answer: async (cases, { signal }) => {
      const items = matrix.columns;
      const block = new Float32Array(cases.length * items);
      const pace = new Pace(signal);
      const lanes = new Float64Array(4 * n);
      for (let from = 0; from < cases.length; from += 4) {
        const users = cases.slice(from, from + 4).map(({ user }) => user);
        users.forEach((user, lane) => {
          const start = place[user] * n;
          for (let at = 0; at < n; at++) lanes[4 * at + lane] = start < 0 ? 0 : kernel[start + at];
        });
        // Four users at a time: each entry's number is read once, and the four sums don't wait for each other.
        for (let item = 0; item < items; item++) {
          let a = 0;
          let b = 0;
          let c = 0;
          let d = 0;
          for (let at = columns.offsets[item]; at < columns.offsets[item + 1]; at++) {
            const lane = 4 * usersOf[at];
            a += lanes[lane];
            b += lanes[lane + 1];
            c += lanes[lane + 2];
            d += lanes[lane + 3];
          }
          const first = from * items + item;
          // From 0, not negated: a cold item's score is 0, not -0.
          block[first] = 0 - scale[item] * a;
          if (users.length > 1) block[first + items] = 0 - scale[item] * b;
          if (users.length > 2) block[first + 2 * items] = 0 - scale[item] * c;
          if (users.length > 3) block[first + 3 * items] = 0 - scale[item] * d;
        }
        users.forEach((user, lane) => {
          const start = (from + lane) * items;
          for (let e = matrix.offsets[user]; e < matrix.offsets[user + 1]; e++)
            block[start + matrix.indices[e]] += 1;
        });
        if (pace.due()) await pace.breathe();
      }
      return block;
    },
  };
}

async function invertWatched(
  gram: Float64Array,
  n: number,
  { progress, signal }: Watch,
): Promise<Float64Array> {
  const step = progress.start(`ease: inverse of ${n} x ${n}`, 100);
  await invertSpd(gram, n, signal, (share) => {
    step.update(Math.round(100 * share));
  });
  step.end();
  return gram;
}
