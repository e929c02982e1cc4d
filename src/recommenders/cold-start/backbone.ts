import { z } from "zod";
import { als, trainAls } from "../factorisation/als.js";
import { bprMf, trainBprMf } from "../factorisation/bpr-mf.js";
import { type Factors, factorsArtifact } from "../factorisation/factors.js";
import { lightGcn, trainLightGcn } from "../graph/lightgcn.js";
import { ngcf, trainNgcf } from "../graph/ngcf.js";
import { Random } from "../../core/random.js";
import type { StageResult } from "../../core/stages.js";
import type { ColdStartTraining } from "../../tasks/cold-start.js";
import type { RunContext } from "../recommender.js";
import type { ValidationData } from "../validation.js";

/**
 * Which model of users and items by embeddings learns from the pairs: the paper's MF, NGCF and LightGCN, or alternating least
 * squares, which takes seconds. `training` holds the options of the recommender of that name.
 */
export const backboneChoices = [
  z.strictObject({ backbone: z.literal("lightgcn"), training: lightGcn.options.prefault({}) }),
  z.strictObject({ backbone: z.literal("ngcf"), training: ngcf.options.prefault({}) }),
  z.strictObject({ backbone: z.literal("bpr-mf"), training: bprMf.options.prefault({}) }),
  z.strictObject({ backbone: z.literal("als"), training: als.options.prefault({}) }),
] as const;

export type BackboneChoice = z.infer<(typeof backboneChoices)[number]>;

/** Options of a model that builds on a backbone: `backbone`, `training` and the model's own. */
export function withBackbone<S extends z.ZodRawShape>(own: S, fallback: BackboneChoice["backbone"]) {
  const [a, b, c, d] = backboneChoices;
  return z.preprocess(
    (given) => ({ backbone: fallback, ...(given as object) }),
    z.discriminatedUnion("backbone", [a.extend(own), b.extend(own), c.extend(own), d.extend(own)]),
  );
}

/**
 * Trains on any pairs, simulated ones included.
 * @param checkpoint - a folder: a run that was killed is gone on with from there.
 * @returns embeddings whose inner products are the scores; zero vectors for those without a pair.
 */
export async function trainBackbone(
  choice: BackboneChoice,
  data: ValidationData,
  context: RunContext,
  checkpoint: string,
): Promise<Factors> {
  switch (choice.backbone) {
    case "lightgcn":
      return trainLightGcn(data, choice.training, context, { checkpoint });
    case "ngcf":
      return trainNgcf(data, choice.training, context, { checkpoint });
    case "bpr-mf":
      return trainBprMf(data, choice.training, context, { checkpoint });
    case "als":
      return trainAls(data, choice.training, context);
  }
}

/**
 * The stage `backbone`: a model of the warm items alone, which cold-start models build on and leave as it is. Its numbers depend on
 * the choice, the seed and the data alone, not on who asks, so all that build on one backbone share it.
 */
export function warmBackbone(
  train: ColdStartTraining,
  choice: BackboneChoice,
  context: RunContext,
): Promise<StageResult<Factors>> {
  const { backbone, training } = choice;
  return context.stages.run({
    name: "backbone",
    version: 1,
    inputs: { backbone, training, seed: context.seed, data: train.hash },
    format: factorsArtifact(train.users.keys.length, train.items.keys.length, "embeddings"),
    compute: (workspace) =>
      trainBackbone(choice, train, { ...context, random: backboneRandom(context.seed) }, workspace),
  });
}

/** The random numbers of a backbone: those of the seed, whoever asks. */
export function backboneRandom(seed: number): Random {
  return Random.fromSeed(seed).fork("backbone");
}
