import { InterruptedError } from "../../core/errors.js";
import type { Progress } from "../../core/progress.js";
import { silentProgress } from "../../core/progress.js";
import type { Random } from "../../core/random.js";
import type { Tensors } from "../run/compile.js";
import { specOf, type TensorsOf } from "../run/tensor.js";
import {
  type Checkpoint,
  type EpochRecord,
  type Position,
  readCheckpoint,
  writeCheckpoint,
} from "./checkpoint.js";
import { NotFiniteError } from "./errors.js";
import { mapValues, tensorRecord } from "./names.js";
import type { StepResult, Trainer } from "./trainer.js";

export interface Validation {
  /** The metric to watch, computed with the trainer's parameters. */
  metric: () => Promise<number> | number;
  /** Default true. */
  higherIsBetter?: boolean;
  /** Validate after every so many epochs; default 1. The last epoch is always validated. */
  every?: number;
  /** Stop after so many validations in a row without a better one; default: never. */
  patience?: number;
}

export interface FitOptions<B> {
  epochs: number;
  /** How many examples an epoch has. */
  examples: number;
  batchSize: number;
  /**
   * Makes a batch of some examples. `random` is this batch's own generator (for negative samples, dropout masks):
   * what it draws depends on the seed, the epoch and the batch's place alone.
   */
  batch: (examples: Int32Array, random: Random, epoch: number) => TensorsOf<B> | Promise<TensorsOf<B>>;
  /**
   * Parts of a batch whose gradients are added up, and their weights in its loss: for batches too large for the
   * memory.
   */
  split?(batch: TensorsOf<B>): { parts: readonly TensorsOf<B>[]; weights: readonly number[] };
  /** Orders the examples anew in every epoch. */
  random: Random;
  /** Leave out an epoch's last batch where it is not full; default false. */
  dropLast?: boolean;
  /** With it the trainer ends with the parameters of the best validation; without, with the last ones. */
  validation?: Validation;
  /**
   * Where to keep a checkpoint, and how often in steps (and after every epoch). A checkpoint that is there is gone
   * on with.
   */
  checkpoint?: {
    folder: string;
    every?: number;
    /** Seconds to let pass between the checkpoints after epochs; default 0. */
    spacing?: number;
    /** Whatever else the result depends on, such as a hash of the data. */
    identity?: unknown;
  };
  progress?: Progress;
  label?: string;
  /** How many examples progress speaks of, where an example of `examples` stands for several. */
  sizeOf?: (examples: Int32Array) => number;
  signal?: AbortSignal;
}

export interface FitReport {
  readonly epochs: readonly EpochRecord[];
  readonly steps: number;
  /** The epoch (from 1) whose parameters were kept, with its metric; null without validation. */
  readonly best: { readonly epoch: number; readonly metric: number } | null;
  readonly stoppedEarly: boolean;
}

/** What {@link fit} asks of a trainer: {@link Trainer}, or a model that makes its steps by itself. */
export type Trainable<B> = Pick<
  Trainer<unknown, B, unknown>,
  | "step"
  | "parameters"
  | "parameterRecord"
  | "setParameterRecord"
  | "identity"
  | "snapshot"
  | "restore"
  | "train"
> &
  /** Needed only where batches are split. */
  Partial<Pick<Trainer<unknown, B, unknown>, "trainParts">>;

/** The batches of one epoch: the examples in a seeded order, cut in equal parts; the last one may be shorter. */
export function miniBatches(
  examples: number,
  batchSize: number,
  random: Random,
  dropLast = false,
): Int32Array[] {
  const order = random.permutation(examples);
  const batches: Int32Array[] = [];
  for (let start = 0; start < examples; start += batchSize) {
    const part = order.subarray(start, start + batchSize);
    if (part.length === batchSize || !dropLast) batches.push(part);
  }
  return batches;
}

const START: Position = { epoch: 0, batch: 0, lossSum: 0, history: [], best: null, stale: 0 };

/**
 * Trains for some epochs of mini-batches. A run that is killed and started again with the same arguments and the
 * same checkpoint folder ends with the same bytes as one that was never killed.
 * @throws NotFiniteError naming the step, the parameters and the last checkpoint; InterruptedError when the signal
 * is aborted (after
 * a checkpoint).
 */
export async function fit<B>(trainer: Trainable<B>, options: FitOptions<B>): Promise<FitReport> {
  return new Run(trainer, options).go();
}

class Run<B> {
  private position: Position = START;
  private bestParameters: Tensors | null = null;
  private lastCheckpoint: string | undefined;
  private savedAt = performance.now();

  constructor(
    private readonly trainer: Trainable<B>,
    private readonly options: FitOptions<B>,
  ) {
    if (options.examples < 1) throw new RangeError("there are no examples to train on");
  }

  async go(): Promise<FitReport> {
    await this.resume();
    const { epochs, validation } = this.options;
    let stoppedEarly = this.isStale();
    while (this.position.epoch < epochs && !stoppedEarly) {
      await this.epoch();
      stoppedEarly = this.isStale();
    }
    if (validation !== undefined && this.bestParameters !== null)
      this.trainer.setParameterRecord(this.bestParameters);
    const { history, best } = this.position;
    return { epochs: history, steps: this.trainer.step, best, stoppedEarly };
  }

  private isStale(): boolean {
    return this.position.stale >= (this.options.validation?.patience ?? Infinity);
  }

  /** What a checkpoint must have been written with to be gone on with. */
  private identity(): unknown {
    const { random, examples, batchSize, dropLast = false, checkpoint } = this.options;
    return {
      ...this.trainer.identity(),
      parameters: mapValues(tensorRecord(this.trainer.parameters), specOf),
      random: random.state(),
      examples,
      batchSize,
      dropLast,
      data: checkpoint?.identity ?? null,
    };
  }

  private async resume(): Promise<void> {
    const { checkpoint } = this.options;
    if (checkpoint === undefined) return;
    const found = await readCheckpoint(checkpoint.folder, this.identity());
    if (found === undefined) return;
    this.trainer.restore(found.state, checkpoint.folder);
    this.position = found.position;
    this.bestParameters = found.best;
    this.lastCheckpoint = checkpoint.folder;
  }

  private async save(): Promise<void> {
    const { checkpoint } = this.options;
    if (checkpoint === undefined) return;
    const content: Checkpoint = {
      run: this.identity(),
      position: this.position,
      state: this.trainer.snapshot(),
      best: this.bestParameters,
    };
    this.lastCheckpoint = await writeCheckpoint(checkpoint.folder, content);
    this.savedAt = performance.now();
  }

  private async epoch(): Promise<void> {
    const { options, trainer } = this;
    const { epochs, examples, batchSize, random, dropLast, checkpoint, label = "training" } = options;
    const epoch = this.position.epoch + 1;
    const batches = miniBatches(examples, batchSize, random.fork(`order/${epoch}`), dropLast);
    const step = (options.progress ?? silentProgress()).start(
      `${label}, epoch ${epoch} of ${epochs}`,
      batches.length,
    );
    const began = performance.now();
    let seen = 0;
    try {
      for (let i = this.position.batch; i < batches.length; i++) {
        if (options.signal?.aborted === true) {
          await this.save();
          throw new InterruptedError();
        }
        const batch = await options.batch(batches[i], random.fork(`batch/${epoch}/${i}`), epoch);
        const { loss } = await this.guarded(() => this.step(batch));
        seen += options.sizeOf?.(batches[i]) ?? batches[i].length;
        this.position = { ...this.position, batch: i + 1, lossSum: this.position.lossSum + loss };
        const speed = Math.round((seen / (performance.now() - began)) * 1000);
        step.update(i + 1, `loss ${(this.position.lossSum / (i + 1)).toFixed(4)}, ${speed} examples/s`);
        if (checkpoint?.every !== undefined && trainer.step % checkpoint.every === 0) await this.save();
      }
    } finally {
      step.end();
    }
    try {
      await this.endEpoch(epoch, batches.length);
    } catch (error) {
      // Stopped while it validated: the epoch's steps are not lost.
      if (error instanceof InterruptedError) await this.save();
      throw error;
    }
    if (performance.now() - this.savedAt >= 1000 * (checkpoint?.spacing ?? 0)) await this.save();
  }

  private step(batch: TensorsOf<B>): Promise<StepResult> {
    const { trainer, options } = this;
    if (options.split === undefined) return trainer.train(batch);
    if (trainer.trainParts === undefined) throw new TypeError("fit: this model can't train a batch in parts");
    const { parts, weights } = options.split(batch);
    return trainer.trainParts(parts, weights);
  }

  private async guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof NotFiniteError && this.lastCheckpoint !== undefined)
        throw error.at(this.lastCheckpoint);
      throw error;
    }
  }

  private async endEpoch(epoch: number, batches: number): Promise<void> {
    const { validation, epochs } = this.options;
    const loss = batches === 0 ? 0 : this.position.lossSum / batches;
    const isDue = validation !== undefined && (epoch % (validation.every ?? 1) === 0 || epoch === epochs);
    let { best, stale } = this.position;
    let metric: number | null = null;
    if (isDue) {
      metric = await validation.metric();
      if (!Number.isFinite(metric))
        throw new Error(`the validation metric is ${metric} after epoch ${epoch}`);
      const sign = validation.higherIsBetter === false ? -1 : 1;
      if (best === null || sign * metric > sign * best.metric) {
        best = { epoch, metric };
        stale = 0;
        this.bestParameters = this.trainer.parameterRecord();
      } else {
        stale++;
      }
    }
    const history = [...this.position.history, { epoch, loss, metric }];
    this.position = { epoch, batch: 0, lossSum: 0, history, best, stale };
  }
}
