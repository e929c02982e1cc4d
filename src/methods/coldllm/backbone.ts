import { z } from "zod";
import { als, trainAls } from "../../recommenders/factorisation/als.js";
import { bprMf, trainBprMf } from "../../recommenders/factorisation/bpr-mf.js";
import type { Factors } from "../../recommenders/factorisation/factors.js";
import { lightGcn, trainLightGcn } from "../../recommenders/graph/lightgcn.js";
import { ngcf, trainNgcf } from "../../recommenders/graph/ngcf.js";
import type { RunContext } from "../../recommenders/recommender.js";
import type { ValidationData } from "../../recommenders/validation.js";

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
