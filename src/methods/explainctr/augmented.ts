import { hashOf, hashTexts } from "../../core/hash.js";
import type { CallContext, LanguageModel, Vectors } from "../../llm/language-model.js";
import {
  autoint,
  type CtrBackbone,
  dcnv2,
  deepfm,
  din,
  fm,
  lr,
  xdeepfm,
} from "../../recommenders/ctr/recommenders.js";
import type { Fitted, RunContext } from "../../recommenders/recommender.js";
import { resolveOptions } from "../../recommenders/registry.js";
import type { CtrRows, CtrTraining } from "../../tasks/ctr.js";
import { casesOf, type ExplainedCase } from "./cases.js";
import type { AugmentedOptions, BackboneName } from "./options.js";
import { embedTexts, standardiser, textVectors } from "./vectors.js";

const BACKBONES: Readonly<Record<BackboneName, CtrBackbone>> = {
  lr,
  fm,
  deepfm,
  dcnv2,
  autoint,
  xdeepfm,
  din,
};

/** One text for each case. It sees no label: cases hold none. */
export type TextsOf = (cases: readonly ExplainedCase[], context: RunContext) => Promise<readonly string[]>;

/** A click-through network with texts about the pairs beside its fields, and how it answers. */
export interface Augmented extends Fitted<"ctr"> {
  /** Probabilities of cases with these texts: as the network was trained, whoever wrote them. */
  predict(
    cases: readonly ExplainedCase[],
    texts: readonly string[],
    context: CallContext,
  ): Promise<Float32Array>;
}

/**
 * Trains the backbone on the training pairs with the texts' vectors, standardised by the training pairs' own, as one more field.
 * @param embedder - encodes the texts.
 * @throws UsageError BAD_OPTION for an option that the backbone hasn't.
 */
export async function fitAugmented(
  train: CtrTraining,
  embedder: LanguageModel,
  textsOf: TextsOf,
  { backbone: name, training }: Pick<AugmentedOptions, "backbone" | "training">,
  context: RunContext,
): Promise<Augmented> {
  const backbone = BACKBONES[name];
  const options = resolveOptions(backbone, training);
  const textsOfRows = async (rows: CtrRows) =>
    rows.users.length === 0 ? [] : textsOf(casesOf(train, rows), context);
  const texts = { rows: await textsOfRows(train.rows), validation: await textsOfRows(train.validation) };
  const raw = await textVectors(embedder, texts.rows, context);
  const scale = standardiser(raw);
  const vectorsOf = async (some: readonly string[], own: CallContext): Promise<Vectors> =>
    some.every((text) => text === "")
      ? scale({ rows: some.length, width: raw.width, data: new Float32Array(some.length * raw.width) })
      : scale(await embedTexts(embedder, some, own));
  const network = await backbone.network(train, options, context, {
    rows: scale(raw),
    validation: await vectorsOf(texts.validation, context),
    hash: hashOf([embedder.identity.hash, hashTexts(texts.rows), hashTexts(texts.validation)]),
  });
  const predict: Augmented["predict"] = async (cases, some, own) =>
    network.predict(cases, await vectorsOf(some, own));
  return { predict, answer: async (cases, own) => predict(cases, await textsOf(cases, own), own) };
}
