import { type Csr, rowIndices, transposeCsr } from "../../data/csr.js";
import { float32, type Tensor, type TensorsOf } from "../../engine/run/tensor.js";
import { specOf } from "../../engine/run/tensor.js";
import { NotFiniteError } from "../../engine/train/errors.js";
import { checkSameSpecs, mapValues } from "../../engine/train/names.js";
import type { TrainerState } from "../../engine/train/trainer.js";
import { halfSweep, sideOf, type SweepOptions } from "../../recommenders/factorisation/als-sweep.js";
import type { Factors } from "../../recommenders/factorisation/factors.js";
import { adamInPlace } from "../../recommenders/pairwise/adam.js";
import type { PairwiseBatch } from "../../recommenders/pairwise/model.js";
import type { EmbeddingModel } from "../../recommenders/pairwise/train.js";

const PARAMETER = "parameter:items";
const MOMENTS = { first: "slot.m:items", second: "slot.v:items" } as const;

export interface ColdItemOptions {
  readonly learningRate: number;
  /** Weight of the squared lengths of a triple's cold items. */
  readonly regularization: number;
}

/**
 * Bayesian personalised ranking that moves the embeddings of cold items alone: users and warm items keep theirs, bit for bit. That
 * is what runs online, where a new item must not disturb the others. With everything else fixed the loss is convex, so it
 * begins at zero.
 */
export class ColdItemModel implements EmbeddingModel {
  step = 0;
  /** Row of an item in the trained table, -1 for a warm item. */
  private readonly rowOf: Int32Array;
  private readonly values: Float32Array;
  private readonly first: Float32Array;
  private readonly second: Float32Array;
  private readonly shape: readonly [number, number];

  /** @param coldItems - 1 for each item to train [items]. */
  constructor(
    private readonly frozen: Factors,
    coldItems: Uint8Array,
    private readonly options: ColdItemOptions,
  ) {
    let rows = 0;
    this.rowOf = Int32Array.from(coldItems, (cold) => (cold === 1 ? rows++ : -1));
    this.shape = [rows, frozen.size];
    const zeros = () => new Float32Array(rows * frozen.size);
    this.values = zeros();
    this.first = zeros();
    this.second = zeros();
  }

  get parameters(): Record<string, Tensor> {
    return this.parameterRecord();
  }

  parameterRecord(): Record<string, Tensor> {
    return { items: float32(this.values.slice(), this.shape) };
  }

  setParameterRecord(parameters: Readonly<Record<string, Tensor>>): void {
    this.values.set(parameters.items.data);
  }

  identity(): Record<string, unknown> {
    return { model: "cold-items", ...this.options };
  }

  snapshot(): TrainerState {
    const copy = (data: Float32Array) => float32(data.slice(), this.shape);
    return {
      step: this.step,
      tensors: {
        [PARAMETER]: copy(this.values),
        [MOMENTS.first]: copy(this.first),
        [MOMENTS.second]: copy(this.second),
      },
    };
  }

  restore({ step, tensors }: TrainerState, what = "the state"): void {
    checkSameSpecs(mapValues(this.snapshot().tensors, specOf), mapValues(tensors, specOf), what);
    this.values.set(tensors[PARAMETER].data);
    this.first.set(tensors[MOMENTS.first].data);
    this.second.set(tensors[MOMENTS.second].data);
    this.step = step;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- fit() awaits steps: other trainers run elsewhere.
  async train(batch: TensorsOf<PairwiseBatch>): ReturnType<EmbeddingModel["train"]> {
    const { loss, gradient } = this.differentiate(batch);
    if (!Number.isFinite(loss)) throw new NotFiniteError(this.step + 1, loss, []);
    this.step++;
    const { learningRate } = this.options;
    adamInPlace(this.values, this.first, this.second, gradient, { step: this.step, learningRate });
    return { loss, gradientNorm: NaN, metrics: {} };
  }

  /** Mean of -log sigmoid(e_u.e_i - e_u.e_j) over the triples, and its gradient with the penalty's [cold items, size]. */
  private differentiate({ user, positive, negative }: TensorsOf<PairwiseBatch>): {
    loss: number;
    gradient: Float32Array;
  } {
    const { size, users, items } = this.frozen;
    const gradient = new Float32Array(this.values.length);
    const count = user.data.length;
    const penalty = this.options.regularization / count;
    const place = (item: number) => {
      const row = this.rowOf[item];
      return row < 0 ? { table: items, at: item * size } : { table: this.values, at: row * size };
    };
    let loss = 0;
    for (let n = 0; n < count; n++) {
      const u = user.data[n] * size;
      const p = place(positive.data[n]);
      const q = place(negative.data[n]);
      let x = 0;
      for (let d = 0; d < size; d++) x += users[u + d] * (p.table[p.at + d] - q.table[q.at + d]);
      // Of exp(-|x|) alone, so that nothing overflows.
      const small = Math.exp(-Math.abs(x));
      loss += Math.max(-x, 0) + Math.log1p(small);
      const c = -(x > 0 ? small : 1) / ((1 + small) * count);
      for (const [{ table, at }, sign] of [
        [p, 1],
        [q, -1],
      ] as const) {
        if (table !== this.values) continue;
        for (let d = 0; d < size; d++) gradient[at + d] += sign * c * users[u + d] + penalty * table[at + d];
      }
    }
    return { loss: loss / count, gradient };
  }

  /** The frozen embeddings with those of the cold items as they are now. */
  embeddings(): Factors {
    const { size, users, items } = this.frozen;
    const out = items.slice();
    this.rowOf.forEach((row, item) => {
      if (row >= 0) out.set(this.values.subarray(row * size, (row + 1) * size), item * size);
    });
    return { size, users, items: out };
  }
}

/**
 * Gives every cold item the least-squares vector of its users, with all else fixed: half a sweep of implicit ALS
 * ({@link halfSweep}) from zero. Warm items keep their rows, bit for bit.
 * @param simulated - pairs [users, items] of cold items.
 */
export async function foldIn(
  frozen: Factors,
  simulated: Csr,
  options: SweepOptions,
  signal: AbortSignal,
): Promise<Factors> {
  const byItem = transposeCsr(simulated);
  const solved = new Float32Array(frozen.items.length);
  await halfSweep(await sideOf(byItem, frozen.size), solved, frozen.users, options, signal);
  return replaceRows(frozen, byItem, (item) => solved.subarray(item * frozen.size, (item + 1) * frozen.size));
}

/** Gives every cold item the mean of its users' embeddings. Warm items keep their rows, bit for bit. */
export function meanOfUsers(frozen: Factors, simulated: Csr): Factors {
  const { size, users } = frozen;
  const byItem = transposeCsr(simulated);
  return replaceRows(frozen, byItem, (item) => {
    const own = rowIndices(byItem, item);
    const sum = new Float64Array(size);
    for (const user of own) for (let d = 0; d < size; d++) sum[d] += users[user * size + d];
    return sum.map((value) => value / own.length);
  });
}

/** The factors with new rows for the items that have a simulated pair. */
function replaceRows(frozen: Factors, byItem: Csr, rowOf: (item: number) => ArrayLike<number>): Factors {
  const items = frozen.items.slice();
  for (let item = 0; item < byItem.rows; item++) {
    if (byItem.offsets[item] < byItem.offsets[item + 1]) items.set(rowOf(item), item * frozen.size);
  }
  return { ...frozen, items };
}
