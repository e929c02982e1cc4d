import type { numpy as np } from "@jax-js/jax";
import { hashOf } from "../../core/hash.js";
import type { Random } from "../../core/random.js";
import { float32, type Tensor } from "../../engine/run/tensor.js";
import { fit, type FitReport } from "../../engine/train/fit.js";
import { adamW } from "../../engine/train/optimizer.js";
import { constantRate, cosineDecay, linearDecay, type Schedule } from "../../engine/train/schedule.js";
import { createTrainer, type Trainer } from "../../engine/train/trainer.js";
import { type LoraAdapter, type LoraOptions, newAdapter } from "../adapter/lora.js";
import { Checkpoint } from "../checkpoint/checkpoint.js";
import type { ModelConfig } from "../checkpoint/config.js";
import { expectedTensors } from "../checkpoint/tensors.js";
import type { CallContext, Tokenizer } from "../language-model.js";
import {
  groupRows,
  type LossOn,
  lengthBuckets,
  learntTokens,
  makeBatch,
  type SftBatch,
  type TrainingPair,
  trainingRow,
  type TrainingRow,
} from "./batches.js";
import { sftLoss } from "./sft-loss.js";

/** A killed run loses no more than so many steps: an epoch of long texts may take an hour. */
const CHECKPOINT_STEPS = 100;

export interface SftOptions {
  readonly lora: LoraOptions & { readonly dropout?: number };
  readonly epochs: number;
  /** Pairs of a step. */
  readonly batchSize: number;
  /** Pairs in memory at once; gradients of a step's parts are added up. Default: the whole batch. */
  readonly microBatch?: number;
  readonly learningRate: number;
  readonly weightDecay?: number;
  /** Share of the steps over which the learning rate rises; default 0. */
  readonly warmup?: number;
  /** How the learning rate falls afterwards; default linear. */
  readonly schedule?: "constant" | "linear" | "cosine";
  readonly clipNorm?: number;
  /** Default completion. */
  readonly lossOn?: LossOn;
  /** Learn to end the answer; default true. */
  readonly endToken?: boolean;
  /** The most tokens of a pair; default the model's context. */
  readonly maxLength?: number;
  readonly threads?: number;
  /** Stops when the loss on these pairs has not fallen for `patience` epochs (default 2), and keeps the best adapter. */
  readonly validation?: readonly TrainingPair[];
  readonly patience?: number;
  /** Folder for checkpoints; a run that was stopped goes on from there to the same bytes. */
  readonly checkpoint?: string;
  /** Go on with this adapter; default a new one. */
  readonly start?: LoraAdapter;
}

export interface SftResult {
  readonly adapter: LoraAdapter;
  readonly report: FitReport;
}

/** LoRA matrices as the trainer keeps them. */
export type LoraTensors<T = Tensor> = Readonly<Record<string, { readonly A: T; readonly B: T }>>;

/** Matrices of an adapter as tensors; the scale is not folded in. */
export function loraTensors(adapter: LoraAdapter): LoraTensors {
  return Object.fromEntries(
    [...adapter.pairs].map(([path, { rank, a, b }]) => [
      path,
      { A: float32(a, [rank, a.length / rank]), B: float32(b, [b.length / rank, rank]) },
    ]),
  );
}

/** The adapter with other matrices. */
export function withTensors(adapter: LoraAdapter, tensors: LoraTensors): LoraAdapter {
  const pairs = new Map(
    [...adapter.pairs].map(([path, pair]) => {
      const { A, B } = tensors[path];
      return [path, { ...pair, a: (A.data as Float32Array).slice(), b: (B.data as Float32Array).slice() }];
    }),
  );
  return { ...adapter, pairs };
}

/** A base model's weights as tensors. */
export async function weightTensors(checkpoint: Checkpoint): Promise<Record<string, Tensor>> {
  const weights: Record<string, Tensor> = {};
  for (const [name, shape] of expectedTensors(checkpoint.config)) {
    weights[name] = float32(await checkpoint.read(name), shape);
  }
  return weights;
}

/**
 * Trains a LoRA adapter on prompt/completion pairs. The loss is the mean over learnt tokens of -log p(token | all before it). The same
 * seed gives the same adapter, also after a stop.
 * @param folder - the base model's checkpoint.
 */
export async function finetune(
  folder: string,
  tokenizer: Tokenizer,
  pairs: readonly TrainingPair[],
  options: SftOptions,
  random: Random,
  context: Pick<CallContext, "progress" | "signal">,
): Promise<SftResult> {
  const checkpoint = await Checkpoint.open(folder);
  try {
    const weights = await weightTensors(checkpoint);
    const adapter = options.start ?? newAdapter(checkpoint.config, options.lora, random.fork("adapter"));
    const session = new SftSession(checkpoint.config, weights, adapter, tokenizer, options);
    return await session.train(pairs, random, context, await checkpoint.hash());
  } finally {
    await checkpoint.close();
  }
}

class SftSession {
  private readonly scale: number;

  constructor(
    private readonly config: ModelConfig,
    private readonly weights: Record<string, Tensor>,
    private readonly adapter: LoraAdapter,
    private readonly tokenizer: Tokenizer,
    private readonly options: SftOptions,
  ) {
    const [first] = [...adapter.pairs.values()];
    this.scale = first.scale;
  }

  private rows(pairs: readonly TrainingPair[]): TrainingRow[] {
    const { lossOn = "completion", maxLength = Infinity, endToken = true } = this.options;
    const limit = Math.min(maxLength, this.config.contextLength);
    return pairs.map((pair, i) => trainingRow(this.tokenizer, pair, i, { lossOn, limit, end: endToken }));
  }

  async train(
    pairs: readonly TrainingPair[],
    random: Random,
    { progress, signal }: Pick<CallContext, "progress" | "signal">,
    baseHash: string,
  ): Promise<SftResult> {
    const { batchSize, epochs, microBatch = batchSize, validation, checkpoint, patience = 2 } = this.options;
    const rows = this.rows(pairs);
    const groups = groupRows(lengthBuckets(rows), batchSize, random.fork("groups"));
    const trainer = this.trainer(epochs * groups.length);
    const batchOf = (group: number, draws: Random) => {
      const { bucket, rows: members } = groups[group];
      const batch = makeBatch(
        members.map((i) => rows[i]),
        bucket,
        batchSize,
        this.pad,
      );
      return this.withDropout(batch, draws);
    };
    try {
      const report = await fit<SftBatch>(trainer, {
        epochs,
        examples: groups.length,
        batchSize: 1,
        batch: ([group], draws) => batchOf(group, draws),
        ...(microBatch < batchSize && {
          split: (batch: SftBatch) => splitBatch(batch, batchSize, microBatch),
        }),
        random: random.fork("order"),
        label: "fine-tuning",
        sizeOf: ([group]) => groups[group].rows.length,
        progress,
        signal,
        ...(validation && {
          validation: { metric: this.validator(trainer, validation), higherIsBetter: false, patience },
        }),
        ...(checkpoint !== undefined && {
          checkpoint: {
            folder: checkpoint,
            every: CHECKPOINT_STEPS,
            identity: hashOf([baseHash, rows, this.options]),
          },
        }),
      });
      const now = trainer.parameters;
      return { adapter: withTensors(this.adapter, now), report };
    } finally {
      await trainer.release();
    }
  }

  private get pad(): number {
    return this.config.padToken ?? this.config.endTokens.at(0) ?? 0;
  }

  private trainer(steps: number): Trainer<LoraTensors, SftBatch<np.Array>, Record<string, Tensor>> {
    const { learningRate, weightDecay = 0, clipNorm = 1, threads } = this.options;
    const { config, scale } = this;
    return createTrainer({
      name: "fine-tuning",
      parameters: loraTensors(this.adapter),
      fixed: this.weights,
      optimizer: adamW({ learningRate, weightDecay }),
      schedule: this.schedule(steps),
      clipNorm,
      ...(threads !== undefined && { threads }),
      loss: (lora, batch: SftBatch<np.Array>, weights) =>
        sftLoss(config, weights, { weights: lora, scale }, batch),
    });
  }

  private schedule(steps: number): Schedule {
    const { warmup = 0, schedule = "linear" } = this.options;
    const rising = Math.round(warmup * steps);
    if (schedule === "linear") return linearDecay({ warmup: rising, total: steps });
    if (schedule === "cosine") return cosineDecay({ warmup: rising, total: steps });
    return rising === 0 ? constantRate : (step) => Math.min(1, step / rising);
  }

  /** Mean loss over the learnt tokens of the validation pairs. */
  private validator(
    trainer: Trainer<LoraTensors, SftBatch<np.Array>, Record<string, Tensor>>,
    pairs: readonly TrainingPair[],
  ): () => Promise<number> {
    const rows = this.rows(pairs);
    const { batchSize } = this.options;
    const batches = lengthBuckets(rows).flatMap((bucket) => {
      const found: SftBatch[] = [];
      for (let from = 0; from < bucket.rows.length; from += batchSize) {
        const members = bucket.rows.slice(from, from + batchSize).map((i) => rows[i]);
        found.push(makeBatch(members, bucket, batchSize, this.pad));
      }
      return found;
    });
    return async () => {
      let [sum, count] = [0, 0];
      for (const batch of batches) {
        const learnt = learntTokens(batch);
        const { loss } = await trainer.evaluate(batch);
        sum += learnt * loss;
        count += learnt;
      }
      return sum / count;
    };
  }

  /** Each adapted module drops inputs of its own, as in PEFT. */
  private withDropout(batch: SftBatch, random: Random): SftBatch {
    const { dropout } = this.adapter.options;
    if (dropout === 0) return batch;
    const [rows, length] = batch.tokens.shape;
    const kept = 1 / (1 - dropout);
    const masks = [...this.adapter.pairs].map(([path, { a, rank }]) => {
      const inputs = a.length / rank;
      const draws = random.fork(path);
      const mask = Float32Array.from({ length: rows * length * inputs }, () =>
        draws.uniform() < dropout ? 0 : kept,
      );
      return [path, float32(mask, [rows, length, inputs])] as const;
    });
    return { ...batch, dropout: Object.fromEntries(masks) };
  }
}

/** A batch in parts of some rows each, weighted by the tokens that they learn: their mean is the whole batch's. */
export function splitBatch(
  batch: SftBatch,
  rows: number,
  partRows: number,
): { parts: SftBatch[]; weights: number[] } {
  const [, length] = batch.tokens.shape;
  const perRow = batch.targets.data.length / rows;
  const parts: SftBatch[] = [];
  for (let from = 0; from < rows; from += partRows) {
    const to = Math.min(rows, from + partRows);
    const count = to - from;
    const slice = ({ shape, data }: Tensor, size: number): Tensor => ({
      shape: [count * (shape.length > 1 ? 1 : size), ...shape.slice(1)],
      data: data.subarray(from * size, to * size),
    });
    const places = slice(batch.places, perRow);
    parts.push({
      tokens: slice(batch.tokens, length),
      places: {
        ...places,
        data: (places.data as Int32Array).map((place) => Math.max(0, place - from * length)),
      },
      targets: slice(batch.targets, perRow),
      weights: slice(batch.weights, perRow),
      ...(batch.dropout && {
        dropout: Object.fromEntries(
          Object.entries(batch.dropout).map(([path, mask]) => [path, slice(mask, mask.data.length / rows)]),
        ),
      }),
    });
  }
  // A part of padding alone has nothing to add.
  const learnt = parts.map(learntTokens);
  const total = learnt.reduce((sum, n) => sum + n, 0);
  const useful = parts.filter((_, i) => learnt[i] > 0);
  return { parts: useful, weights: learnt.filter((n) => n > 0).map((n) => n / total) };
}
