import type { numpy as np } from "@jax-js/jax";
import type { Random } from "../../core/random.js";
import { type Csr, transposeCsr } from "../../data/csr.js";
import { PairwiseTable, type RowGraph } from "../../engine/linalg/pairwise.js";
import { restride } from "../../engine/linalg/sparse-rows.js";
import { float32, specOf, type Tensor, type TensorsOf } from "../../engine/run/tensor.js";
import { NotFiniteError } from "../../engine/train/errors.js";
import type { Trainable } from "../../engine/train/fit.js";
import { checkSameSpecs, mapValues } from "../../engine/train/names.js";
import type { TrainerState } from "../../engine/train/trainer.js";
import type { Factors } from "../factorisation/factors.js";

/** Triples of a batch: int32 [triples] each, numbered in their own tables. */
export interface PairwiseBatch {
  user: np.Array;
  positive: np.Array;
  negative: np.Array;
}

export interface PairwiseModelOptions {
  /** Length of an embedding. */
  readonly size: number;
  /** Layers of smoothing over the graph of the pairs; 0 is plain matrix factorisation. */
  readonly layers: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly regularization: number;
}

const PARAMETER = "parameter:embeddings";
const MOMENTS = { first: "slot.m:embeddings", second: "slot.v:embeddings" } as const;

/**
 * Embeddings of users and items in one table (users first), trained by {@link PairwiseTable}. Its sparse product was
 * measured against plain loops and dense products of ONNX Runtime (docs/recommenders.md).
 */
export class PairwiseModel implements Trainable<PairwiseBatch> {
  step = 0;

  private constructor(
    private readonly users: number,
    private readonly table: PairwiseTable,
    private readonly options: PairwiseModelOptions,
  ) {}

  /** Begins with Xavier's normal embeddings; a user or item without a pair begins, and so stays, as the zero vector. */
  static async create(matrix: Csr, options: PairwiseModelOptions, random: Random): Promise<PairwiseModel> {
    const { size, layers, batchSize } = options;
    const rows = matrix.rows + matrix.columns;
    const graph = bipartiteGraph(matrix);
    const table = await PairwiseTable.create(rows, size, batchSize, layers, layers > 0 ? graph : undefined);
    restride(firstEmbeddings(matrix, size, random), size, table.state.table, table.stride);
    return new PairwiseModel(matrix.rows, table, options);
  }

  get parameters(): Record<string, Tensor> {
    return this.parameterRecord();
  }

  parameterRecord(): Record<string, Tensor> {
    return { embeddings: this.cut(this.table.state.table) };
  }

  setParameterRecord(parameters: Readonly<Record<string, Tensor>>): void {
    const { step, tensors } = this.snapshot();
    this.restore(
      { step, tensors: { ...tensors, [PARAMETER]: parameters.embeddings } },
      "the given parameters",
    );
  }

  identity(): Record<string, unknown> {
    return { model: "pairwise", ...this.options };
  }

  snapshot(): TrainerState {
    const { table, first, second } = this.table.state;
    return {
      step: this.step,
      tensors: {
        [PARAMETER]: this.cut(table),
        [MOMENTS.first]: this.cut(first),
        [MOMENTS.second]: this.cut(second),
      },
    };
  }

  restore({ step, tensors }: TrainerState, what = "the state"): void {
    checkSameSpecs(mapValues(this.snapshot().tensors, specOf), mapValues(tensors, specOf), what);
    const put = (name: string, into: Float32Array) => {
      restride(tensors[name].data as Float32Array, this.options.size, into, this.table.stride);
    };
    put(PARAMETER, this.table.state.table);
    put(MOMENTS.first, this.table.state.first);
    put(MOMENTS.second, this.table.state.second);
    this.step = step;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- fit() awaits steps: other trainers run elsewhere.
  async train({
    user,
    positive,
    negative,
  }: TensorsOf<PairwiseBatch>): ReturnType<Trainable<PairwiseBatch>["train"]> {
    const itemRow = (item: number) => this.users + item;
    const { learningRate, regularization } = this.options;
    const { loss } = this.table.differentiate(
      {
        user: user.data as Int32Array,
        positive: (positive.data as Int32Array).map(itemRow),
        negative: (negative.data as Int32Array).map(itemRow),
      },
      regularization,
    );
    // Where the loss is finite, all embeddings of the batch are, and so is their gradient.
    if (!Number.isFinite(loss)) throw new NotFiniteError(this.step + 1, loss, ["embeddings"]);
    this.step++;
    this.table.adam({ step: this.step, learningRate });
    return { loss, gradientNorm: NaN, metrics: {} };
  }

  /** The smoothed embeddings, whose inner products are the scores: copies. */
  embeddings(): Factors {
    const { size } = this.options;
    const { data } = this.cut(this.table.smoothed());
    return { size, users: data.slice(0, this.users * size), items: data.slice(this.users * size) };
  }

  private cut(rows: Float32Array): Tensor & { data: Float32Array } {
    const { size } = this.options;
    const data = new Float32Array(this.table.rows * size);
    restride(rows, this.table.stride, data, size);
    return float32(data, [this.table.rows, size]);
  }
}

/**
 * Normal embeddings [users + items, size] with the variance of Xavier's rule for each table, 2 / (rows + size) (Glorot and Bengio, AISTATS
 * 2010); 0 in the rows of users and items without a pair.
 */
export function firstEmbeddings(matrix: Csr, size: number, random: Random): Float32Array {
  const { rows, columns } = matrix;
  const out = new Float32Array((rows + columns) * size);
  out.set(random.normals(rows * size, Math.sqrt(2 / (rows + size))));
  out.set(random.normals(columns * size, Math.sqrt(2 / (columns + size))), rows * size);
  const { scale } = bipartiteGraph(matrix);
  scale.forEach((weight, row) => {
    if (weight === 0) out.fill(0, row * size, (row + 1) * size);
  });
  return out;
}

/**
 * The graph of users (first) and items with an edge for each pair, weighing 1 / sqrt(pairs of the user * pairs of the item).
 * A row without a pair has scale 0.
 */
export function bipartiteGraph(matrix: Csr): RowGraph {
  const byItem = transposeCsr(matrix);
  const { rows, columns } = matrix;
  const count = matrix.indices.length;
  const offsets = new Int32Array(rows + columns + 1);
  offsets.set(matrix.offsets);
  byItem.offsets.forEach((offset, item) => (offsets[rows + item] = count + offset));
  const indices = new Int32Array(2 * count);
  matrix.indices.forEach((item, at) => (indices[at] = rows + item));
  indices.set(byItem.indices, count);
  const scale = new Float32Array(rows + columns);
  for (let row = 0; row < scale.length; row++) {
    const degree = offsets[row + 1] - offsets[row];
    scale[row] = degree === 0 ? 0 : 1 / Math.sqrt(degree);
  }
  return { pattern: { rows: rows + columns, columns: rows + columns, offsets, indices }, scale };
}
