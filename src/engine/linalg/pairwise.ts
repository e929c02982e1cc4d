import { PAIRWISE_WASM } from "../generated/pairwise-wasm.js";
import { freeMemory, requireMemory } from "../run/memory.js";
import type { SparsePattern } from "./sparse-rows.js";

/** What this module uses of WebAssembly; the project's type library has no more than its types. */
declare const WebAssembly: {
  Memory: new (size: { initial: number }) => { buffer: ArrayBuffer };
  instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: unknown } }>;
};

type Numbers = (...numbers: number[]) => void;
type Kernel = Readonly<Record<"propagate" | "differences" | "spread" | "add_rows" | "adam", Numbers>>;

/** A WebAssembly memory has 32-bit addresses. */
const MOST_BYTES = 2 ** 32;

/** Rows are padded with zeros to a multiple of this many numbers. */
const LANES = 16;

/** A graph on the rows: symmetric, with a weight for each row. */
export interface RowGraph {
  /** [rows, rows], symmetric. */
  readonly pattern: SparsePattern;
  /** The edge between rows r and c weighs scale[r] scale[c]. */
  readonly scale: Float32Array;
}

/** Row numbers of triples, parallel. */
export interface RowTriples {
  readonly user: Int32Array;
  readonly positive: Int32Array;
  readonly negative: Int32Array;
}

export interface AdamStep {
  /** Counted from 1. */
  readonly step: number;
  readonly learningRate: number;
}

const [BETA1, BETA2, EPSILON] = [0.9, 0.999, 1e-8];

/**
 * A table of embeddings in WebAssembly with four lanes (pairwise.wat has the formulas), with what pairwise learning does to it:
 * smoothing over a graph, differences of inner products, their gradient, and Adam. One thread, sums always in the same
 * order: the same bits in every run.
 *
 * With `layers` = L the table E is smoothed to `F = (E + A E + ... + A^L E) / (L + 1)` for a symmetric sparse A (LightGCN, He et al., SIGIR
 * 2020, equations 7-8); L = 0 leaves it as it is. A is symmetric, so the gradient with respect to E is the gradient with
 * respect to F smoothed in the same way.
 */
export class PairwiseTable {
  /** Where the last gradient lies. */
  private latest: Float32Array;

  private constructor(
    readonly rows: number,
    /** Numbers of a row in memory: the row, then zeros. */
    readonly stride: number,
    private readonly layers: number,
    /** The table E and Adam's two moments, each [rows, stride]. */
    readonly state: Readonly<Record<"table" | "first" | "second", Float32Array>>,
    private readonly spare: readonly Float32Array[],
    private readonly gradient: Float32Array,
    private readonly graph: { offsets: number; columns: number; scale: number },
    private readonly triples: Readonly<Record<keyof RowTriples, Int32Array>>,
    private readonly weights: Float32Array,
    private readonly kernel: Kernel,
  ) {
    this.latest = gradient;
  }

  /**
   * @param graph - needed where `layers` is positive.
   * @param batch - the most triples that can be worked on together.
   * @throws UsageError `OUT_OF_MEMORY` with an estimate, where all that doesn't fit in memory or in the 4 GB of WebAssembly.
   */
  static async create(
    rows: number,
    size: number,
    batch: number,
    layers = 0,
    graph?: RowGraph,
  ): Promise<PairwiseTable> {
    const stride = Math.ceil(size / LANES) * LANES;
    let end = 0;
    const reserve = (numbers: number) => {
      const start = end;
      end += Math.ceil((4 * numbers) / 64) * 64;
      return start;
    };
    const tables = Array.from({ length: layers > 0 ? 6 : 4 }, () => reserve(rows * stride));
    const [user, positive, negative, weights] = Array.from({ length: 4 }, () => reserve(batch));
    const edges = {
      offsets: reserve(graph?.pattern.offsets.length ?? 0),
      columns: reserve(graph?.pattern.indices.length ?? 0),
      scale: reserve(graph?.scale.length ?? 0),
    };
    const pages = Math.ceil(end / 65536);
    requireMemory(
      `${rows} rows of ${size} numbers with their moments, for batches of ${batch},`,
      end,
      Math.min(MOST_BYTES, freeMemory()),
      "Use shorter embeddings, fewer users and items, or a smaller batch.",
    );
    const memory = new WebAssembly.Memory({ initial: pages });
    const { instance } = await WebAssembly.instantiate(Buffer.from(PAIRWISE_WASM, "base64"), {
      env: { memory },
    });
    const ints = (start: number, length: number) => new Int32Array(memory.buffer, start, length);
    const floats = (start: number, length: number) => new Float32Array(memory.buffer, start, length);
    if (graph !== undefined) {
      ints(edges.offsets, graph.pattern.offsets.length).set(graph.pattern.offsets);
      ints(edges.columns, graph.pattern.indices.length).set(graph.pattern.indices);
      floats(edges.scale, graph.scale.length).set(graph.scale);
    }
    const [table, first, second, gradient, ...spare] = tables.map((start) => floats(start, rows * stride));
    return new PairwiseTable(
      rows,
      stride,
      layers,
      { table, first, second },
      spare,
      gradient,
      edges,
      { user: ints(user, batch), positive: ints(positive, batch), negative: ints(negative, batch) },
      floats(weights, batch),
      instance.exports as Kernel,
    );
  }

  /** The smoothed table F, [rows, stride]: a view that the next call overwrites. */
  smoothed(): Float32Array {
    return this.smooth(this.state.table);
  }

  /** A E alone, [rows, stride]: a view that the next call overwrites. Overwrites the last gradient. */
  neighbours(): Float32Array {
    this.gradient.fill(0);
    this.propagate(this.gradient, this.state.table, this.spare[0], 1);
    return this.spare[0];
  }

  /** `(x + A x + ... + A^L x) / (L + 1)`, by Horner's rule: y = x, then L times y = x + A y. */
  private smooth(x: Float32Array): Float32Array {
    let now = x;
    for (let layer = 1; layer <= this.layers; layer++) {
      const next = this.spare[layer % 2];
      this.propagate(x, now, next, layer === this.layers ? 1 / (this.layers + 1) : 1);
      now = next;
    }
    return now;
  }

  /** out = factor * (base + A x). */
  private propagate(base: Float32Array, x: Float32Array, out: Float32Array, factor: number): void {
    const { offsets, columns, scale } = this.graph;
    const [from, through, into] = [base.byteOffset, x.byteOffset, out.byteOffset];
    const stride = 4 * this.stride;
    this.kernel.propagate(offsets, columns, scale, from, through, into, this.rows, stride, factor);
  }

  /**
   * Loss and gradient of `mean over triples of -log sigmoid(F_u.F_p - F_u.F_n)` plus
   * `regularization / (2 triples) * sum over triples of |E_u|^2 + |E_p|^2 + |E_n|^2`.
   * @returns `loss` without the second part, which is a penalty; `gradient` with respect to E, [rows, stride]: a view that
   * the next call overwrites. Where the loss is not finite, the gradient means nothing.
   */
  differentiate(triples: RowTriples, regularization: number): { loss: number; gradient: Float32Array } {
    const count = triples.user.length;
    const stride = 4 * this.stride;
    for (const name of ["user", "positive", "negative"] as const) this.triples[name].set(triples[name]);
    const [user, positive, negative] = [this.triples.user, this.triples.positive, this.triples.negative].map(
      ({ byteOffset }) => byteOffset,
    );
    const { byteOffset: weights } = this.weights;
    const smoothed = this.smoothed();
    this.kernel.differences(smoothed.byteOffset, user, positive, negative, weights, count, stride);
    let loss = 0;
    for (let n = 0; n < count; n++) {
      const x = this.weights[n];
      // Of exp(-|x|) alone, so that nothing overflows.
      const small = Math.exp(-Math.abs(x));
      loss += Math.max(-x, 0) + Math.log1p(small);
      this.weights[n] = -(x > 0 ? small : 1) / ((1 + small) * count);
    }
    this.gradient.fill(0);
    const gradient = this.gradient.byteOffset;
    this.kernel.spread(smoothed.byteOffset, gradient, user, positive, negative, weights, count, stride);
    const own = this.smooth(this.gradient);
    if (regularization > 0) {
      for (const rows of [user, positive, negative]) {
        const table = this.state.table.byteOffset;
        this.kernel.add_rows(table, own.byteOffset, rows, count, stride, regularization / count);
      }
    }
    this.latest = own;
    return { loss: loss / count, gradient: own };
  }

  /** One step of Adam (Kingma and Ba 2015; beta 0.9 and 0.999, epsilon 1e-8) on all rows, as PyTorch's, by the last gradient. */
  adam({ step, learningRate }: AdamStep): void {
    const { table, first, second } = this.state;
    this.kernel.adam(
      table.byteOffset,
      first.byteOffset,
      second.byteOffset,
      this.latest.byteOffset,
      4 * this.rows * this.stride,
      BETA1,
      BETA2,
      1 - BETA1,
      1 - BETA2,
      learningRate / (1 - BETA1 ** step),
      1 / Math.sqrt(1 - BETA2 ** step),
      EPSILON,
    );
  }
}
