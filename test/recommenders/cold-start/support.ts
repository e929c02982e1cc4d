import { type Csr, transposeCsr } from "../../../src/data/csr.js";
import { program } from "../../../src/engine/run/program.js";
import { float32, type Tensor } from "../../../src/engine/run/tensor.js";
import { Random } from "../../../src/core/random.js";
import type { Arrays, Parameters } from "../../../src/recommenders/ctr/model.js";
import { pairSampler } from "../../../src/recommenders/sampling/negatives.js";
import type { ContentModel, Source, Tables } from "../../../src/recommenders/cold-start/model.js";
import type { ColdStartTraining } from "../../../src/tasks/cold-start.js";
import { matrixOf, trainingOf } from "../support.js";

/** Items of the two tastes' words: the even ones are about the sea, the odd ones about the woods. */
const WORDS = [
  ["sea", "salt", "wave", "ship", "gull"],
  ["wood", "fern", "moss", "deer", "bark"],
];
export const WARM = 30;
export const ITEMS = 36;
export const USERS = 24;

/** Users of even number take even items, odd ones odd items; the last six items are cold, with text of their kind. */
export function twoTastes(): ColdStartTraining {
  const random = Random.fromSeed("two tastes");
  const rows = Array.from({ length: USERS }, (_, user) =>
    Array.from({ length: ITEMS }, (_, item) =>
      item < WARM && item % 2 === user % 2 && random.uniform() < 0.7 ? 1 : 0,
    ),
  );
  const texts = Array.from({ length: ITEMS }, (_, item) => {
    const words = WORDS[item % 2];
    return Array.from(random.sample(words.length, 3), (word) => words[word]).join(" ");
  });
  return trainingOf(matrixOf(rows), texts);
}

/** Mean score of cold items of a user's own taste minus that of the other taste, over all users. */
export function coldMargin(scores: readonly (readonly number[])[]): number {
  let margin = 0;
  scores.forEach((row, user) => {
    for (let item = WARM; item < ITEMS; item++) margin += (item % 2 === user % 2 ? 1 : -1) * row[item];
  });
  return margin / scores.length;
}

/** Whether every user's cold items of its own taste come before all others. */
export function separates(scores: readonly (readonly number[])[]): boolean {
  return scores.every((row, user) => {
    const cold = (taste: number) => row.filter((_, item) => item >= WARM && item % 2 === taste);
    return Math.min(...cold(user % 2)) > Math.max(...cold(1 - (user % 2)));
  });
}

/** Small random tables with one cold item, the last, for comparing a loss with plain arithmetic. */
export function smallTables(users: number, items: number, factors: number, content: number) {
  const random = Random.fromSeed("tables");
  const draw = (rows: number, width: number) => float32(random.normals(rows * width), [rows, width]);
  const tables = {
    users: draw(users, factors),
    items: draw(items, factors),
    content: draw(items, content),
    warm: float32(
      Array.from({ length: items }, (_, item) => Number(item < items - 1)),
      [items, 1],
    ),
  };
  tables.items.data.fill(0, (items - 1) * factors);
  return tables;
}

/** What examples are drawn from, for a matrix of pairs. */
export function sourceOf(matrix: Csr): Source {
  const usersOf = transposeCsr(matrix);
  return { sampler: pairSampler(matrix), byItem: pairSampler(usersOf), usersOf, matrix };
}

/** A model's loss on the engine. */
export async function lossOf<O extends object>(
  model: ContentModel<O>,
  parameters: Parameters,
  batch: Readonly<Record<string, Tensor>>,
  tables: ReturnType<typeof smallTables>,
  options: O,
): Promise<number> {
  const run = program((inputs: { parameters: Arrays; batch: Arrays; fixed: Tables }) => ({
    loss: model.loss(inputs.parameters, inputs.batch, inputs.fixed, options),
  }));
  const { loss } = await run.run({ parameters, batch, fixed: tables });
  await run.release();
  return loss.data[0];
}

/** Rows of a tensor as plain vectors. */
export function rowsOf({ shape, data }: Tensor): number[][] {
  const [rows, width] = shape;
  return Array.from({ length: rows }, (_, row) => Array.from(data.subarray(row * width, (row + 1) * width)));
}

/** x W + b on plain vectors, by the names of `denseParameters`. */
export function denseOf(parameters: Parameters, name: string, x: readonly number[]): number[] {
  const weight = rowsOf(parameters[`${name}.weight`]);
  const bias = Array.from(parameters[`${name}.bias`].data);
  return bias.map((b, column) => x.reduce((sum, value, row) => sum + value * weight[row][column], b));
}

export const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, k) => sum + x * b[k], 0);
export const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
export const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
export const meanOf = (xs: readonly number[]) => xs.reduce((sum, x) => sum + x, 0) / xs.length;
