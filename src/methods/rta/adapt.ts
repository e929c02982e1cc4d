import { numpy as np } from "@jax-js/jax";
import { Random } from "../../core/random.js";
import { sigmoid } from "../../engine/nn/activations.js";
import { float32, type Tensor } from "../../engine/run/tensor.js";
import { fit } from "../../engine/train/fit.js";
import { adamW } from "../../engine/train/optimizer.js";
import { createTrainer } from "../../engine/train/trainer.js";
import type { Vectors } from "../../llm/language-model.js";
import { weightsArtifact } from "../../recommenders/weights.js";
import {
  itemLogits,
  type HistoryScorer,
  type HistoryWeights,
} from "../../recommenders/dialogue/history-model.js";
import { fitHistory } from "../../recommenders/dialogue/history-training.js";
import { conversationNdcg } from "../../recommenders/dialogue/validation.js";
import type { RunContext } from "../../recommenders/recommender.js";
import type { ConversationCase, ConversationTraining } from "../../tasks/conversation.js";
import type { Arrays, Weights } from "./aggregators.js";
import { classicModel, type Classic } from "./gate.js";
import { catalogueEmbedder } from "./item-encoder.js";
import { turnsOf } from "./lessons.js";
import { type PlatformOptions, stageOptions } from "./options.js";
import { dialoguePrompt } from "./prompts.js";
import { queryStates } from "./queries.js";
import type { Reindexed } from "./reindex.js";
import { allScores, pickRows } from "./scores.js";
import { contrastiveLoss, rowsOf, softmaxBatch, type SoftmaxBatch } from "./softmax-batch.js";

/** What of the scores `g = q . e` is fitted to the platform. */
export interface Adaptation {
  /** `g + b` with a number for each item. */
  readonly bias?: boolean;
  /** `(g + b)(1 + s)` with a number for each item. */
  readonly scale?: boolean;
  /** `(g + b) w` with a number for each item that begins at 1 and decays to 0, as in the published code. */
  readonly factor?: boolean;
  /** `a g + (1 - a) f` with a classic's scores f of the items named and one `a = sigmoid(theta)`; it is trained on with it. */
  readonly gate?: Classic;
  /** The classic behind the gate starts with chance embeddings and knows nothing of popularity, as in the published code. */
  readonly untrained?: boolean;
  /** Trains what makes the item embeddings, too. */
  readonly tune?: boolean;
}

/** Parameters by name: `bias`, `scale`, `factor`, `gate`, `classic.*`, `encoder.*`; those that an adaptation does not have are missing. */
type AdaptWeights = Weights;

const ENCODER = "encoder.";
const CLASSIC = "classic.";
const CLIP = 5;

/** Item embeddings and what is put on top of them. */
export interface Adapted {
  readonly embeddings: Vectors;
  readonly weights: AdaptWeights;
  readonly gate?: Classic;
}

/** The share of the language model's scores behind the gate; undefined without a gate. */
export function gateShare({ gate }: AdaptWeights): number | undefined {
  return (gate as Tensor | undefined) === undefined ? undefined : 1 / (1 + Math.exp(-gate.data[0]));
}

/**
 * The stage `adapt`: learns from what the platform recommended, in turns where it was not named before. It starts at the reindexed scores
 * as they are (a gate: at half the classic's) and keeps the epoch and the decay of best validation NDCG@10.
 */
export async function adapt(
  train: ConversationTraining,
  reindexed: Reindexed,
  adaptation: Adaptation,
  options: PlatformOptions,
  context: RunContext,
): Promise<Adapted> {
  const { gate, untrained = false, tune = false } = adaptation;
  const random = Random.fromSeed(context.seed).fork("rta/adapt");
  const classic = gate && (await (untrained ? blankClassic : fitClassic)(train, gate, context));
  const first = initial(reindexed, adaptation, classic);
  const { value } = await context.stages.run({
    name: "adapt",
    version: 1,
    inputs: {
      adaptation,
      options: stageOptions(options),
      items: reindexed.key,
      seed: context.seed,
      data: train.hash,
    },
    format: weightsArtifact(first),
    compute: () => trainAdaptation(train, reindexed, first, adaptation, options, random, context),
  });
  const weights = value as AdaptWeights;
  return { embeddings: await embeddingsOf(reindexed, weights, tune), weights, gate };
}

/** As the classic's own row is trained: the stage is shared with it. */
function fitClassic(
  train: ConversationTraining,
  classic: Classic,
  context: RunContext,
): Promise<HistoryWeights> {
  const random = Random.fromSeed(context.seed).fork(classic.id);
  return fitHistory(train, classicModel(classic), classic.options, { ...context, random });
}

function blankClassic(
  { items }: ConversationTraining,
  classic: Classic,
  { seed }: RunContext,
): HistoryWeights {
  const random = Random.fromSeed(seed).fork(classic.id).fork(`${classic.id}/init`);
  return classicModel(classic).initial(new Float64Array(items.keys.length), random);
}

function initial(
  { titles, weights }: Reindexed,
  { bias, scale, factor, tune }: Adaptation,
  classic?: HistoryWeights,
): AdaptWeights {
  const blank = () => float32(new Float32Array(titles.items));
  return {
    ...(bias === true && { bias: blank() }),
    ...(scale === true && { scale: blank() }),
    ...(factor === true && { factor: float32(new Float32Array(titles.items).fill(1)) }),
    ...(classic && { gate: float32([0]), ...prefixed(CLASSIC, classic) }),
    ...(tune === true && prefixed(ENCODER, weights)),
  };
}

async function embeddingsOf(
  { encoder, titles, embeddings }: Reindexed,
  weights: AdaptWeights,
  tune: boolean,
): Promise<Vectors> {
  if (!tune) return embeddings;
  const embedder = catalogueEmbedder(encoder, titles);
  try {
    return await embedder.embed(partOf(ENCODER, weights));
  } finally {
    await embedder.release();
  }
}

function prefixed<T>(prefix: string, part: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(part).map(([name, value]) => [prefix + name, value]));
}

function partOf<T>(prefix: string, all: Readonly<Record<string, T>>): Record<string, T> {
  const own = Object.entries(all).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value]));
}

interface Batch extends SoftmaxBatch {
  /** [batch, width]. */
  query: np.Array;
  /** Of the classic behind the gate; empty without one. */
  history: Record<string, np.Array>;
}

async function trainAdaptation(
  train: ConversationTraining,
  reindexed: Reindexed,
  first: AdaptWeights,
  adaptation: Adaptation,
  options: PlatformOptions,
  random: Random,
  context: RunContext,
): Promise<AdaptWeights> {
  const samples = train.samples.filter(({ target, mentioned }) => !mentioned.includes(target));
  if (samples.length === 0) return first;
  const { gate, tune = false } = adaptation;
  const classic = gate && classicModel(gate);
  const { encoder, titles } = reindexed;
  const { progress, signal } = context;
  const held = turnsOf(train.validation);
  const turns = turnsOf(samples);
  const states = await queryStates(
    [...turns, ...held].map((turn) => dialoguePrompt(turn.context)),
    context,
  );
  const rowOf = new Map([...turns, ...held].map(({ name }, row) => [name, row]));
  const queriesOf = (cases: readonly ConversationCase[]) => cases.map(({ name }) => rowOf.get(name)!);
  const size = Math.min(options.batchSize, samples.length);
  const ndcg = conversationNdcg(train);
  const embedder = catalogueEmbedder(encoder, titles);
  const scorer = classic?.scorer();

  const trainWith = async (decay: number) => {
    const trainer = createTrainer({
      name: "adapt",
      parameters: first,
      fixed: {
        tokens: titles.tokens,
        items: float32(reindexed.embeddings.data, [reindexed.embeddings.rows, reindexed.embeddings.width]),
      },
      optimizer: adamW({ learningRate: options.learningRate, weightDecay: decay }),
      clipNorm: CLIP,
      decays: (name) =>
        name.startsWith(CLASSIC) ? classic!.decays(name.slice(CLASSIC.length)) : name !== "gate",
      loss: (weights: Arrays, batch: Batch, fixed: { tokens: np.Array; items: np.Array }) => {
        const items = tune
          ? encoder.embed(partOf(ENCODER, weights), batch, fixed.tokens)
          : np.take(fixed.items, batch.item, 0);
        const others = classic && {
          weights: partOf(CLASSIC, weights),
          vectors: classic.vectors(partOf(CLASSIC, weights), batch.history),
        };
        const logits = adaptedLogits(weights, items, batch, others);
        return contrastiveLoss(logits, batch, options.removeAccidentalHits);
      },
    });
    const answer = async (cases: readonly ConversationCase[]) => {
      const weights = trainer.parameters;
      const embeddings = tune ? await embedder.embed(partOf(ENCODER, weights)) : reindexed.embeddings;
      return scoresWith(scorer, { embeddings, weights }, cases, pickRows(states, queriesOf(cases)), signal);
    };
    try {
      const report = await fit(trainer, {
        label: `adapt (decay ${decay})`,
        epochs: options.epochs,
        examples: samples.length,
        batchSize: options.batchSize,
        random: random.fork("training"),
        progress,
        signal,
        batch: (examples, own) => {
          const chosen = Array.from(examples, (n) => samples[n]);
          const pairs = chosen.map(({ target }) => ({ query: -1, item: target }));
          return {
            ...softmaxBatch(pairs, train.candidates, titles, { negatives: options.negatives, size }, own),
            query: rowsOf(states.data, states.width, queriesOf(chosen), size),
            history:
              classic?.inputs(
                chosen.map(({ mentioned }) => mentioned),
                size,
                own,
              ) ?? {},
          };
        },
        validation: ndcg && { patience: options.patience, metric: () => ndcg(answer) },
      });
      return { weights: trainer.parameterRecord() as AdaptWeights, metric: report.best?.metric ?? 0, decay };
    } finally {
      await trainer.release();
    }
  };

  try {
    const decays = ndcg === undefined ? [options.weightDecay[0]] : options.weightDecay;
    let best = await trainWith(decays[0]);
    for (const decay of decays.slice(1)) {
      const next = await trainWith(decay);
      if (next.metric > best.metric) best = next;
    }
    const share = gateShare(best.weights);
    const open =
      share === undefined ? "" : `; ${(100 * share).toFixed(1)} % of the scores are the language model's`;
    progress.note(
      `adapt: decay ${best.decay} has the best validation NDCG@10, ${best.metric.toFixed(4)}${open}`,
    );
    return best.weights;
  } finally {
    await embedder.release();
    await scorer?.release();
  }
}

/**
 * Logits [batch, columns] of some items' embeddings [columns, width].
 * @param classic - behind the gate: its weights, and its vectors of the histories.
 */
function adaptedLogits(
  weights: Arrays,
  items: np.Array,
  batch: Batch,
  classic?: { readonly weights: Arrays; readonly vectors: np.Array },
): np.Array {
  let logits = np.matmul(batch.query, np.transpose(items));
  if ("bias" in weights) logits = np.add(logits, np.take(weights.bias, batch.item, 0));
  if ("scale" in weights) logits = np.multiply(logits, np.add(1, np.take(weights.scale, batch.item, 0)));
  if ("factor" in weights) logits = np.multiply(logits, np.take(weights.factor, batch.item, 0));
  if (classic === undefined) return logits;
  const other = itemLogits(classic.weights, classic.vectors, batch.item);
  const share = sigmoid(weights.gate);
  return np.add(np.multiply(share, logits), np.multiply(np.subtract(1, share), other));
}

/** Scores of all items [cases, items]; `queries` has a row for each case. */
export async function adaptedScores(
  { gate, ...adapted }: Adapted,
  cases: readonly ConversationCase[],
  queries: Vectors,
  signal: AbortSignal,
): Promise<Float32Array> {
  const scorer = gate && classicModel(gate).scorer();
  try {
    return await scoresWith(scorer, adapted, cases, queries, signal);
  } finally {
    await scorer?.release();
  }
}

async function scoresWith(
  classic: HistoryScorer | undefined,
  { embeddings, weights }: Pick<Adapted, "embeddings" | "weights">,
  cases: readonly ConversationCase[],
  queries: Vectors,
  signal: AbortSignal,
): Promise<Float32Array> {
  const scores = await allScores(queries, embeddings, signal);
  const { bias, scale, factor } = weights as Partial<AdaptWeights>;
  const count = embeddings.rows;
  for (let at = 0; at < scores.length; at++) {
    if (bias !== undefined) scores[at] += bias.data[at % count];
    if (scale !== undefined) scores[at] *= 1 + scale.data[at % count];
    if (factor !== undefined) scores[at] *= factor.data[at % count];
  }
  if (classic === undefined) return scores;
  const share = gateShare(weights)!;
  const others = await classic.score(partOf(CLASSIC, weights), cases, signal);
  others.forEach((other, at) => (scores[at] = share * scores[at] + (1 - share) * other));
  return scores;
}
