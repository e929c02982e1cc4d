import { z } from "zod";
import { UsageError } from "../../core/errors.js";
import { csrFromPairs } from "../../data/csr.js";
import { combinations } from "../../recommenders/factorisation/als.js";
import { type Factors, factorsArtifact, innerProducts } from "../../recommenders/factorisation/factors.js";
import { pairwiseOptions } from "../../recommenders/pairwise/options.js";
import type { Fitted, RunContext } from "../../recommenders/recommender.js";
import { fitBest, type ValidationData } from "../../recommenders/validation.js";
import type { ColdStartTraining } from "../../tasks/cold-start.js";
import {
  type BackboneChoice,
  backboneRandom,
  trainBackbone,
  warmBackbone,
} from "../../recommenders/cold-start/backbone.js";
import { hashPairs, type Pairs, withSimulated } from "./pairs.js";

const { learningRate, batchSize, epochs, validateEvery, patience } = pairwiseOptions;

/** How the simulated pairs become embeddings of cold items. */
export const updateOptions = {
  /**
   * `joint`: one model learns from real and simulated pairs together (the paper's offline tables). The others leave users and
   * warm items as the backbone has them: `cold-only` trains the cold items' embeddings by BPR (what runs online), `fold-in` solves
   * for them by least squares (backbone `als`), `mean` takes the mean of their users' embeddings.
   */
  update: z.enum(["joint", "cold-only", "fold-in", "mean"]).default("joint"),
  /** How `cold-only` trains. */
  coldOnly: z
    .strictObject({
      ...{ learningRate, batchSize, epochs, validateEvery, patience },
      /** Weight of the squared lengths of a triple's cold items. */
      regularization: z.number().min(0).default(1e-4),
    })
    .prefault({}),
};

export type UpdateOptions = BackboneChoice & z.infer<z.ZodObject<typeof updateOptions>>;

/**
 * The stage `update` (and before it `backbone`, where that stays fixed): embeddings of all users and items from real pairs and
 * the simulated ones. Its numbers depend on the seed and the pairs alone, not on who asks, so arms of one comparison begin alike.
 * @returns embeddings whose inner products are the scores; a cold item without a pair has the zero vector.
 * @throws UsageError for `fold-in` of a backbone that's not `als`.
 */
export async function updateEmbeddings(
  train: ColdStartTraining,
  pairs: Pairs,
  options: UpdateOptions,
  context: RunContext,
): Promise<Factors> {
  if (options.update === "fold-in" && options.backbone !== "als") {
    throw new UsageError(
      "BAD_OPTION",
      `update=fold-in solves for least squares, which ${options.backbone} does not`,
      {
        hint: "Set backbone=als, or update=cold-only.",
      },
    );
  }
  const format = factorsArtifact(train.users.keys.length, train.items.keys.length, "embeddings");
  const choice = { backbone: options.backbone, training: options.training };
  const inputs = { ...choice, seed: context.seed, data: train.hash };
  const own = { ...context, random: backboneRandom(context.seed) };
  const data: ValidationData = {
    matrix: withSimulated(train.matrix, pairs),
    validation: train.validation,
    known: train.matrix,
  };
  const frozen = options.update === "joint" ? undefined : await warmBackbone(train, options, context);
  const { value } = await context.stages.run({
    name: "update",
    version: 1,
    inputs: {
      ...inputs,
      pairs: hashPairs(pairs),
      update: options.update,
      ...(options.update === "cold-only" && { coldOnly: options.coldOnly }),
      backbone: frozen?.key ?? null,
      choice,
    },
    format,
    compute: (workspace) =>
      frozen === undefined
        ? trainBackbone(options, data, own, workspace)
        : updateColdItems(frozen.value, train, pairs, data, options, own, workspace),
  });
  return value;
}

/**
 * Gives the cold items embeddings and leaves all others as they are.
 * @param train - whose cold items learn.
 * @param pairs - what they learn from.
 * @param data - all pairs, and those to stop early by.
 */
export async function updateColdItems(
  frozen: Factors,
  { matrix, coldItems }: Pick<ColdStartTraining, "matrix" | "coldItems">,
  { users, items }: Pairs,
  data: ValidationData,
  options: UpdateOptions,
  context: RunContext,
  checkpoint?: string,
): Promise<Factors> {
  const examples = csrFromPairs(matrix.rows, matrix.columns, users, items);
  const [{ ColdItemModel, foldIn, meanOfUsers }, { trainPairwise }] = await Promise.all([
    import("./cold-items.js"),
    import("../../recommenders/pairwise/train.js"),
  ]);
  if (options.update === "mean") return meanOfUsers(frozen, examples);
  if (options.update === "fold-in" && options.backbone === "als") {
    const fitOne = async (settings: ReturnType<typeof combinations>[number]) => {
      // From zero, not from the last sweep: a few more steps than a sweep takes.
      const sweep = { ...settings, size: frozen.size, cgSteps: Math.max(20, settings.cgSteps) };
      const factors = await foldIn(frozen, examples, sweep, context.signal);
      const answer: Fitted<"cold-start">["answer"] = (cases, { signal }) =>
        innerProducts(factors, cases, signal);
      return { factors, answer };
    };
    // The length is the backbone's; only the ridge and the weight of a pair are left to choose.
    const settings = combinations({ ...options.training, factors: frozen.size });
    return (await fitBest("coldllm: fold-in", settings, data, fitOne, context)).factors;
  }
  const model = new ColdItemModel(frozen, coldItems, options.coldOnly);
  return trainPairwise("coldllm: cold items", model, { ...data, examples }, options.coldOnly, context, {
    checkpoint,
  });
}
