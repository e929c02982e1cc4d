import { numpy as np } from "@jax-js/jax";
import { Random } from "../../core/random.js";
import { fit } from "../../engine/train/fit.js";
import { adamW } from "../../engine/train/optimizer.js";
import { createTrainer } from "../../engine/train/trainer.js";
import type { Vectors } from "../../llm/language-model.js";
import { weightsArtifact } from "../../recommenders/weights.js";
import type { RunContext } from "../../recommenders/recommender.js";
import type { ConversationTraining } from "../../tasks/conversation.js";
import type { Arrays, Weights } from "./aggregators.js";
import {
  catalogueEmbedder,
  freeTable,
  type ItemEncoder,
  readTitles,
  type Titles,
  titleEncoder,
} from "./item-encoder.js";
import { lessons, type Lessons } from "./lessons.js";
import { type LessonOptions, type ReindexOptions, stageOptions } from "./options.js";
import { vectorsArtifact } from "./queries.js";
import { allScores, pickRows, recallOf } from "./scores.js";
import { contrastiveLoss, rowsOf, softmaxBatch, type SoftmaxBatch } from "./softmax-batch.js";

const CLIP = 5;
const RECALLED = 10;

/** Items as single tokens: an embedding that the language model's query is multiplied with. */
export interface Reindexed {
  readonly encoder: ItemEncoder;
  readonly titles: Titles;
  readonly weights: Weights;
  /** Embeddings of the catalogue [items, width]. */
  readonly embeddings: Vectors;
  /** Names the embeddings in the inputs of later stages. */
  readonly key: string;
}

/** The stages `reindex` (an aggregator's weights) and `items` (the catalogue's embeddings). */
export function reindex(
  train: ConversationTraining,
  options: LessonOptions & Pick<ReindexOptions, "aggregator" | "mask">,
  context: RunContext,
): Promise<Reindexed> {
  const { aggregator, mask, ...learning } = options;
  const encoder = titleEncoder(aggregator, mask);
  return learn(train, { encoder: aggregator, ...stageOptions({ mask }) }, encoder, learning, context);
}

/** The same with a free embedding for each item: what the queries alone can tell. */
export function reindexTable(
  train: ConversationTraining,
  options: LessonOptions,
  context: RunContext,
): Promise<Reindexed> {
  return learn(train, { encoder: "table" }, freeTable, options, context);
}

/** @param named - the encoder by name, and what else tells it from others: inputs of the stages. */
async function learn(
  train: ConversationTraining,
  named: { readonly encoder: string },
  encoder: ItemEncoder,
  options: LessonOptions,
  context: RunContext,
): Promise<Reindexed> {
  const model = await context.llm();
  const titles = await readTitles(model, train.items.titles);
  // Stages are shared by recommenders: their draws must not depend on who comes first.
  const random = Random.fromSeed(context.seed).fork(`rta/${named.encoder}`);
  const first = encoder.initial(titles, random.fork("init"));
  const inputs = { ...named, model: model.identity.hash, data: train.hash };
  const trained =
    Object.keys(first).length === 0
      ? { value: first, key: "untrained" }
      : await context.stages.run({
          name: "reindex",
          version: 1,
          inputs: { ...inputs, options: stageOptions(options), seed: context.seed },
          format: weightsArtifact(first),
          compute: async () =>
            trainItems(
              encoder,
              titles,
              first,
              await lessons(train, options, context),
              options,
              random,
              context,
            ),
        });
  const weights = trained.value as Weights;
  const items = await context.stages.run({
    name: "items",
    version: 1,
    inputs: { ...inputs, weights: trained.key },
    format: vectorsArtifact("items", titles.items),
    compute: async () => {
      const embedder = catalogueEmbedder(encoder, titles);
      try {
        return await embedder.embed(weights);
      } finally {
        await embedder.release();
      }
    },
  });
  return { encoder, titles, weights, embeddings: items.value, key: items.key };
}

/** Contrastive training: the weights that recall best what the language model answers in validation dialogues. */
async function trainItems(
  encoder: ItemEncoder,
  titles: Titles,
  first: Weights,
  { queries, pairs, validation, pool }: Lessons,
  options: LessonOptions,
  random: Random,
  { progress, signal }: Pick<RunContext, "progress" | "signal">,
): Promise<Weights> {
  if (pairs.length === 0) return first;
  const { learningRate, weightDecay, batchSize, negatives, removeAccidentalHits, epochs, patience } = options;
  const trainer = createTrainer({
    name: "reindex",
    parameters: first,
    fixed: { tokens: titles.tokens },
    optimizer: adamW({ learningRate, weightDecay }),
    clipNorm: CLIP,
    loss: (weights: Arrays, batch: SoftmaxBatch & { query: np.Array }, { tokens }: { tokens: np.Array }) =>
      contrastiveLoss(
        np.matmul(batch.query, np.transpose(encoder.embed(weights, batch, tokens))),
        batch,
        removeAccidentalHits,
      ),
  });
  const embedder = catalogueEmbedder(encoder, titles);
  const recall = recaller(queries, validation, pool, signal);
  const size = Math.min(batchSize, pairs.length);
  try {
    const report = await fit(trainer, {
      label: "reindex",
      epochs,
      examples: pairs.length,
      batchSize,
      random: random.fork("training"),
      progress,
      signal,
      batch: (examples, own) => {
        const chosen = Array.from(examples, (n) => pairs[n]);
        return {
          ...softmaxBatch(chosen, pool, titles, { negatives, size }, own),
          query: rowsOf(
            queries.data,
            queries.width,
            chosen.map(({ query }) => query),
            size,
          ),
        };
      },
      validation: recall && {
        patience,
        metric: async () => recall(await embedder.embed(trainer.parameters)),
      },
    });
    if (report.best !== null) {
      const { epoch, metric } = report.best;
      progress.note(
        `reindex: recalls ${metric.toFixed(4)} of the language model's own answers at ${RECALLED} after ${epoch} epochs`,
      );
    }
    return trainer.parameterRecord() as Weights;
  } finally {
    await trainer.release();
    await embedder.release();
  }
}

/** Recall@10 of some pairs by item embeddings; undefined where there is none. */
function recaller(
  queries: Vectors,
  pairs: readonly { query: number; item: number }[],
  pool: Int32Array,
  signal: AbortSignal,
) {
  if (pairs.length === 0) return undefined;
  const rows = [...new Set(pairs.map(({ query }) => query))];
  const some = pickRows(queries, rows);
  const right = rows.map((row) => pairs.filter(({ query }) => query === row).map(({ item }) => item));
  return async (embeddings: Vectors) =>
    recallOf(await allScores(some, embeddings, signal), right, pool, RECALLED);
}
