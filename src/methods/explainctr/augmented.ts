import { hashOf, hashTexts } from "../../core/hash.js";
import { Random } from "../../core/random.js";
import type { CallContext, LanguageModel, Vectors } from "../../llm/language-model.js";
import { CTR_NETWORKS } from "../../recommenders/ctr/recommenders.js";
import type { CtrNetwork } from "../../recommenders/ctr/train.js";
import type { Fitted, RunContext } from "../../recommenders/recommender.js";
import { resolveOptions } from "../../recommenders/registry.js";
import type { CtrRows, CtrTraining } from "../../tasks/ctr.js";
import { casesOf, type ExplainedCase } from "./cases.js";
import { newest, rowsAt, withFewerValidation } from "./folds.js";
import type { AugmentedOptions } from "./options.js";
import { embedTexts, standardiser, TEXT_SCALE, textVectors } from "./vectors.js";

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
 * Trains the backbone on all training pairs, the newest with the vectors of their texts, standardised by these vectors' own mean and
 * deviation, as one more field; the others have zeros there, the mean.
 * @param embedder - encodes the texts.
 * @throws UsageError BAD_OPTION for an option that the backbone hasn't.
 */
export async function fitAugmented(
  given: CtrTraining,
  embedder: LanguageModel,
  textsOf: TextsOf,
  { backbone: name, training, explained }: Pick<AugmentedOptions, "backbone" | "training" | "explained">,
  context: RunContext,
): Promise<Augmented> {
  const backbone = CTR_NETWORKS[name];
  const options = resolveOptions(backbone, training);
  const train = withFewerValidation(given, explained);
  const told = newest(train.rows, explained);
  const textsOfRows = async (rows: CtrRows) =>
    rows.users.length === 0 ? [] : textsOf(casesOf(train, rows), context);
  const texts = {
    rows: await textsOfRows(rowsAt(train.rows, told)),
    validation: await textsOfRows(train.validation),
  };
  const raw = await textVectors(embedder, texts.rows, context);
  const scale = standardiser(raw);
  const vectorsOf = async (some: readonly string[], own: CallContext): Promise<Vectors> =>
    withoutEmpty(scale(await embedTexts(embedder, some, own, raw.width)), some);
  const network = await backbone.network(train, options, context, {
    rows: placed(withoutEmpty(scale(raw), texts.rows), told, train.rows.users.length),
    validation: await vectorsOf(texts.validation, context),
    hash: hashOf([TEXT_SCALE, embedder.identity.hash, hashTexts(texts.rows), hashTexts(texts.validation)]),
  });
  const predict: Augmented["predict"] = async (cases, some, own) =>
    network.predict(cases, await vectorsOf(some, own));
  return {
    predict,
    answer: async (cases, own) => predict(cases, await textsOf(cases, own), own),
    explain: textsOf,
  };
}

/** The backbone without texts, trained as its own row is: the stage is shared with it. */
export function fitBackbone(
  train: CtrTraining,
  { backbone: name, training }: Pick<AugmentedOptions, "backbone" | "training">,
  context: RunContext,
): Promise<CtrNetwork> {
  const backbone = CTR_NETWORKS[name];
  const random = Random.fromSeed(context.seed).fork(backbone.id);
  return backbone.network(train, resolveOptions(backbone, training), { ...context, random });
}

/** Zeros, the mean, for texts that say nothing. */
function withoutEmpty({ rows, width, data }: Vectors, texts: readonly string[]): Vectors {
  texts.forEach((text, n) => {
    if (text === "") data.fill(0, n * width, (n + 1) * width);
  });
  return { rows, width, data };
}

/** The vectors at some of `rows` rows, zeros at the others. */
function placed({ width, data }: Vectors, positions: Int32Array, rows: number): Vectors {
  const all = new Float32Array(rows * width);
  positions.forEach((row, n) => {
    all.set(data.subarray(n * width, (n + 1) * width), row * width);
  });
  return { rows, width, data: all };
}
