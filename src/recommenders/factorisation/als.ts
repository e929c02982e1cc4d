import { z } from "zod";
import { transposeCsr } from "../../data/csr.js";
import type { ColdStartTraining } from "../../tasks/cold-start.js";
import type { Fitted, Recommender, RunContext } from "../recommender.js";
import { fitBest, type ValidationData } from "../validation.js";
import { halfSweep, sideOf } from "./als-sweep.js";
import { type Factors, factorsArtifact, innerProducts } from "./factors.js";

/** One value, or several to choose from on validation. */
const several = <T extends z.ZodType<number>>(one: T) => z.union([one, z.array(one).min(1)]);

const options = z.strictObject({
  /** Length of a user's and an item's vector. */
  factors: several(z.int().min(1)).default([128, 32]),
  /** Weight of the vectors' squared lengths, before scaling. */
  regularization: several(z.number().min(0)).default([1, 0.1]),
  /** A vector with n interactions is regularised by regularization * n^scaling: 0 as in the paper, 1 as in ALS-WR. */
  scaling: z.number().min(0).max(1).default(1),
  /** An observed interaction has confidence 1 + alpha, all other pairs 1. */
  alpha: several(z.number().min(0)).default([30, 1]),
  /** Sweeps over users, then items. */
  iterations: z.int().min(1).default(15),
  /** Steps of conjugate gradients for each vector in each sweep. */
  cgSteps: z.int().min(1).default(3),
});

export type AlsOptions = z.infer<typeof options>;

/** A factorisation's settings, each of one value. */
export type AlsSettings = Readonly<
  Record<"factors" | "regularization" | "scaling" | "alpha" | "iterations" | "cgSteps", number>
>;

/**
 * Matrix factorisation of implicit feedback by alternating least squares ({@link halfSweep} has the equations). The stage
 * `factors` holds the result, so that factors made elsewhere can be given. A cold item's vector is exactly 0, so its score
 * is 0 and all cold items tie. Options of several values are chosen by {@link fitBest}.
 */
export const als: Recommender<"cold-start", AlsOptions> = {
  id: "als",
  task: "cold-start",
  kind: "classic",
  summary:
    "Matrix factorisation by implicit-feedback alternating least squares (Hu, Koren and Volinsky, ICDM 2008; Zhou and others, AAIM 2008).",
  options,
  seeded: true,
  fit(train, given, context) {
    const fitOne = async (settings: AlsSettings): Promise<Fitted<"cold-start">> => {
      const { value: factors } = await context.stages.run({
        name: "factors",
        version: 1,
        inputs: { model: "als", options: settings, seed: context.seed, data: train.hash },
        format: factorsArtifact(train.users.keys.length, train.items.keys.length),
        compute: () => fitAls(train, settings, context),
      });
      return { answer: (cases, { signal }) => innerProducts(factors, cases, signal) };
    };
    return fitBest("als", combinations(given), train, fitOne, context);
  },
};

/** Factorises any pairs, such as the union of real and simulated ones, with the settings of best validation. */
export async function trainAls(
  data: ValidationData,
  given: AlsOptions,
  context: RunContext,
): Promise<Factors> {
  const fitOne = async (settings: AlsSettings) => {
    const factors = await fitAls(data, settings, context);
    const answer: Fitted<"cold-start">["answer"] = (cases, { signal }) =>
      innerProducts(factors, cases, signal);
    return { factors, answer };
  };
  return (await fitBest("als", combinations(given), data, fitOne, context)).factors;
}

/** Every combination of the values to choose from. */
export function combinations({ factors, regularization, alpha, ...fixed }: AlsOptions): AlsSettings[] {
  return [factors].flat().flatMap((size) =>
    [regularization].flat().flatMap((strength) =>
      [alpha].flat().map((weight) => ({
        ...fixed,
        factors: size,
        regularization: strength,
        alpha: weight,
      })),
    ),
  );
}

/**
 * Starts from small vectors, uniform in -0.01..0.01, and sweeps over users, then items.
 * @param onSweep - sees the factors after each whole sweep; they are reused, so copy what is kept.
 */
export async function fitAls(
  { matrix }: Pick<ColdStartTraining, "matrix">,
  { factors: size, regularization, scaling, alpha, iterations, cgSteps }: AlsSettings,
  { random, progress, signal }: Pick<RunContext, "random" | "progress" | "signal">,
  onSweep?: (factors: Factors) => void,
): Promise<Factors> {
  const byItem = transposeCsr(matrix);
  const draws = random.fork("factors");
  const small = () => (draws.uint32() / 4294967296 - 0.5) * 0.02;
  const users = new Float32Array(matrix.rows * size).map(small);
  const items = new Float32Array(matrix.columns * size).map(small);
  for (let item = 0; item < matrix.columns; item++) {
    if (byItem.offsets[item] === byItem.offsets[item + 1]) items.fill(0, item * size, (item + 1) * size);
  }
  const sweep = { size, regularization, scaling, alpha, cgSteps };
  const [userSide, itemSide] = [await sideOf(matrix, size), await sideOf(byItem, size)];
  const step = progress.start("als: sweeps", iterations);
  for (let done = 1; done <= iterations; done++) {
    await halfSweep(userSide, users, items, sweep, signal);
    await halfSweep(itemSide, items, users, sweep, signal);
    step.update(done);
    onSweep?.({ size, users, items });
  }
  step.end();
  return { size, users, items };
}
