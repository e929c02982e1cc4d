import type { numpy as np } from "@jax-js/jax";
import { hashArrays, hashOf } from "../../core/hash.js";
import type { Random } from "../../core/random.js";
import { float32, int32, type Tensor } from "../../engine/run/tensor.js";
import { fit, type FitReport } from "../../engine/train/fit.js";
import { adamW } from "../../engine/train/optimizer.js";
import { cosineDecay } from "../../engine/train/schedule.js";
import { createTrainer } from "../../engine/train/trainer.js";
import type { ModelConfig } from "../checkpoint/config.js";
import { expectedTensors } from "../checkpoint/tensors.js";
import type { CallContext } from "../language-model.js";
import type { SftBatch } from "./batches.js";
import { sftLoss } from "./sft-loss.js";

/** A text in tokens, and how much each token counts in the loss (the first one never: nothing foretells it). */
export interface WeightedTokens {
  readonly tokens: readonly number[];
  readonly weights: readonly number[];
}

export interface PretrainOptions {
  /** Rows of a step. */
  readonly batchSize: number;
  /** Tokens of a row; texts are packed into rows whole. */
  readonly rowLength: number;
  readonly epochs: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Share of the steps over which the learning rate rises; then it falls with half a cosine to a twentieth. */
  readonly warmup: number;
  readonly threads?: number;
  /** Folder for checkpoints; a run that was stopped goes on from there to the same bytes. */
  readonly checkpoint?: string;
  /** Go on with these weights; default new ones. */
  readonly start?: Readonly<Record<string, Tensor>>;
  /** What progress calls it. */
  readonly label?: string;
}

/**
 * Trains all weights of a new model on texts. The loss is the weighted mean of -log p(token | all before it in its row).
 * @returns the weights by the names of their checkpoint tensors.
 */
export async function pretrain(
  config: ModelConfig,
  texts: readonly WeightedTokens[],
  options: PretrainOptions,
  random: Random,
  { progress, signal }: Pick<CallContext, "progress" | "signal">,
): Promise<{ weights: Readonly<Record<string, Tensor>>; report: FitReport }> {
  const { batchSize, rowLength, epochs, learningRate, weightDecay, warmup, threads, checkpoint } = options;
  const { start = initialWeights(config, random.fork("weights")), label = "pre-training" } = options;
  const rows = packRows(texts, rowLength, random.fork("packing"));
  const steps = epochs * Math.ceil(rows.length / batchSize);
  const trainer = createTrainer({
    name: "pre-training",
    parameters: start,
    optimizer: adamW({ learningRate, weightDecay, beta2: 0.98 }),
    schedule: cosineDecay({ warmup: Math.round(warmup * steps), total: steps, floor: 0.05 }),
    clipNorm: 1,
    decays: (name) => !name.endsWith("norm.weight"),
    ...(threads !== undefined && { threads }),
    loss: (weights, batch: SftBatch<np.Array>) => sftLoss(config, weights, undefined, batch),
  });
  try {
    const report = await fit<SftBatch>(trainer, {
      epochs,
      examples: rows.length,
      batchSize,
      batch: (members) =>
        rowBatch(
          Array.from(members, (i) => rows[i]),
          batchSize,
          rowLength,
        ),
      random: random.fork("order"),
      label,
      progress,
      signal,
      ...(checkpoint !== undefined && {
        checkpoint: {
          folder: checkpoint,
          every: CHECKPOINT_STEPS,
          identity: identityOf(config, rows, start, options),
        },
      }),
    });
    // A copy: the trainer's own arrays lie in a memory that is gone with it.
    return { weights: trainer.parameterRecord(), report };
  } finally {
    await trainer.release();
  }
}

/** Steps from checkpoint to checkpoint. */
const CHECKPOINT_STEPS = 200;

function identityOf(
  config: ModelConfig,
  rows: readonly WeightedTokens[],
  start: Readonly<Record<string, Tensor>>,
  options: PretrainOptions,
): string {
  // How many threads, and where checkpoints lie, changes no bit.
  const settings = { ...options, threads: null, checkpoint: null, start: null };
  const data = rows.flatMap(({ tokens, weights }) => [Int32Array.from(tokens), Float32Array.from(weights)]);
  const first = Object.values(start).map((tensor) => tensor.data);
  return hashOf([config, settings, hashArrays(data), hashArrays(first)]);
}

/** How widely searched for a row that has room for a text. */
const OPEN_ROWS = 64;

/**
 * Packs texts into rows of at most `length` tokens: each into the fullest of the open rows that has room for the whole. A text longer than a row is
 * cut off at its end.
 */
export function packRows(
  texts: readonly WeightedTokens[],
  length: number,
  random: Random,
): { tokens: number[]; weights: number[] }[] {
  const done: { tokens: number[]; weights: number[] }[] = [];
  let open: { tokens: number[]; weights: number[] }[] = [];
  for (const at of random.permutation(texts.length)) {
    const tokens = texts[at].tokens.slice(0, length);
    const weights = texts[at].weights.slice(0, length);
    const fitting = open.filter((row) => row.tokens.length + tokens.length <= length);
    let row = fitting.sort((a, b) => b.tokens.length - a.tokens.length).at(0);
    if (row === undefined) {
      if (open.length === OPEN_ROWS) {
        const [fullest, ...others] = open.sort((a, b) => b.tokens.length - a.tokens.length);
        done.push(fullest);
        open = others;
      }
      row = { tokens: [], weights: [] };
      open.push(row);
    }
    row.tokens.push(...tokens);
    // The first token of a text follows from no other.
    row.weights.push(0, ...weights.slice(1));
  }
  return [...done, ...open];
}

function rowBatch(rows: readonly WeightedTokens[], batchSize: number, length: number): SftBatch {
  const size = batchSize * length;
  const tokens = new Int32Array(size);
  const targets = new Int32Array(size);
  const weights = new Float32Array(size);
  rows.forEach((row, r) => {
    tokens.set(row.tokens, r * length);
    targets.set(row.tokens.slice(1), r * length);
    weights.set(row.weights.slice(1), r * length);
  });
  return {
    tokens: int32(tokens, [batchSize, length]),
    places: int32(Int32Array.from({ length: size }, (_, place) => place)),
    targets: int32(targets),
    weights: float32(weights),
  };
}

/**
 * Normal weights of variance 1 / (2 width), those that write into the residual stream smaller by the square root of their number (Radford and others
 * 2019, GPT-2, whose fixed .02 suits models of ten times the width: here facts were learnt half as fast with it); norms of 1, biases of 0.
 */
function initialWeights(config: ModelConfig, random: Random): Record<string, Tensor> {
  const weights: Record<string, Tensor> = {};
  const base = 1 / Math.sqrt(2 * config.hiddenSize);
  for (const [name, shape] of expectedTensors(config)) {
    const size = shape.reduce((a, b) => a * b, 1);
    const writes = name.endsWith("o_proj.weight") || name.endsWith("down_proj.weight");
    const spread = writes ? base / Math.sqrt(2 * config.layers) : base;
    const values = name.endsWith("norm.weight")
      ? new Float32Array(size).fill(1)
      : name.endsWith("bias")
        ? new Float32Array(size)
        : random.fork(name).normals(size, spread);
    weights[name] = float32(values, shape);
  }
  return weights;
}
