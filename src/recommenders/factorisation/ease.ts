import { z } from "zod";
import { Pace } from "../../core/pace.js";
import { type Csr, transposeCsr } from "../../data/csr.js";
import { invertSpd } from "../../engine/linalg/spd-inverse.js";
import type { ColdStartCase, ScoreBlock } from "../../tasks/cold-start.js";
import type { Fitted, Recommender, RunContext } from "../recommender.js";
import { gramMatrix, usedRows } from "./gram.js";

const options = z.strictObject({
  /** Strength of the ridge, lambda in the paper. */
  lambda: z.number().positive().default(250),
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
  fit({ matrix }, { lambda }, context) {
    const users = usedRows(matrix).length;
    const items = usedRows(transposeCsr(matrix)).length;
    return users < items ? fitDual(matrix, lambda, context) : fitPrimal(matrix, lambda, context);
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
  const place = new Int32Array(matrix.columns).fill(-1);
  warm.forEach((item, at) => (place[item] = at));
  return {
    answer: (cases, { signal }) =>
      byUser(cases, matrix.columns, signal, (user, scores) => {
        const sums = new Float64Array(n);
        for (let at = matrix.offsets[user]; at < matrix.offsets[user + 1]; at++) {
          const start = place[matrix.indices[at]] * n;
          for (let column = 0; column < n; column++) sums[column] += weights[start + column];
        }
        for (let column = 0; column < n; column++) scores[warm[column]] = sums[column];
      }),
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

  const scale = new Float64Array(matrix.columns);
  for (let item = 0; item < matrix.columns; item++) {
    let explained = 0;
    for (let a = columns.offsets[item]; a < columns.offsets[item + 1]; a++) {
      const start = place[columns.indices[a]] * n;
      for (let b = columns.offsets[item]; b < columns.offsets[item + 1]; b++) {
        explained += kernel[start + place[columns.indices[b]]];
      }
    }
    scale[item] = lambda / (1 - explained);
  }

  return {
    answer: (cases, { signal }) => {
      const sums = new Float64Array(matrix.columns);
      return byUser(cases, matrix.columns, signal, (user, scores) => {
        if (place[user] < 0) return;
        const start = place[user] * n;
        sums.fill(0);
        for (let at = 0; at < n; at++) {
          const weight = kernel[start + at];
          for (let e = matrix.offsets[active[at]]; e < matrix.offsets[active[at] + 1]; e++) {
            sums[matrix.indices[e]] += weight;
          }
        }
        // Before the difference is rounded: an own item's score is small against the 1 it's taken from.
        for (let item = 0; item < sums.length; item++) sums[item] *= -scale[item];
        for (let e = matrix.offsets[user]; e < matrix.offsets[user + 1]; e++) sums[matrix.indices[e]] += 1;
        for (let item = 0; item < sums.length; item++) scores[item] = sums[item] + 0;
      });
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

async function byUser(
  cases: readonly ColdStartCase[],
  items: number,
  signal: AbortSignal,
  score: (user: number, scores: Float32Array) => void,
): Promise<ScoreBlock> {
  const block = new Float32Array(cases.length * items);
  const pace = new Pace(signal);
  for (let row = 0; row < cases.length; row++) {
    score(cases[row].user, block.subarray(row * items, (row + 1) * items));
    if (pace.due()) await pace.breathe();
  }
  return block;
}
