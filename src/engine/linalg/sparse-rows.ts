import { ROWS_WASM } from "../generated/rows-wasm.js";

/** The places of a sparse matrix's entries by rows: row r has the columns `indices[offsets[r] .. offsets[r + 1] - 1]`. */
export interface SparsePattern {
  readonly rows: number;
  readonly columns: number;
  readonly offsets: Int32Array;
  readonly indices: Int32Array;
}

/** What this module uses of WebAssembly; the project's type library has no more than its types. */
declare const WebAssembly: {
  Memory: new (size: { initial: number }) => { buffer: ArrayBuffer };
  instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: unknown } }>;
};

interface Kernel {
  add_entries(
    offsets: number,
    indices: number,
    y: number,
    v: number,
    out: number,
    rows: number,
    stride: number,
    constant: number,
    slope: number,
  ): void;
  conjugate_step(
    x: number,
    r: number,
    p: number,
    ap: number,
    norms: number,
    rows: number,
    stride: number,
  ): void;
  squared_lengths(r: number, norms: number, rows: number, stride: number): void;
}

/** Dense rows are padded with zeros to a multiple of this many numbers. */
const LANES = 16;

/** The working rows of a {@link SparseRows}, each [blockRows, stride]. */
const BLOCKS = ["x", "r", "p", "ap"] as const;
export type BlockName = (typeof BLOCKS)[number];

/**
 * A sparse matrix ready to be multiplied with dense rows, and room for a block of such rows, in WebAssembly with four
 * lanes (rows.wat has the formulas): several times as fast as loops over typed arrays. Sums are float32, always in the
 * same order.
 */
export class SparseRows {
  private constructor(
    private readonly pattern: SparsePattern,
    /** Numbers of a dense row, in sixteens: `size` of them, then zeros. */
    readonly stride: number,
    readonly blockRows: number,
    /** The dense row of every column, [columns, stride]. To be filled by the caller. */
    readonly columns: Float32Array,
    /** Rows to work on, [blockRows, stride] each. To be filled by the caller. */
    readonly blocks: Readonly<Record<BlockName, Float32Array>>,
    private readonly norms: Float32Array,
    private readonly memory: { offsets: number; indices: number },
    private readonly kernel: Kernel,
  ) {}

  /**
   * @param size - length of a dense row.
   * @param blockRows - the most rows that can be worked on together.
   * @throws RangeError where all that doesn't fit in the 4 GB of WebAssembly.
   */
  static async create(pattern: SparsePattern, size: number, blockRows: number): Promise<SparseRows> {
    const stride = Math.ceil(size / LANES) * LANES;
    let end = 0;
    const reserve = (numbers: number) => {
      const start = end;
      end += Math.ceil((4 * numbers) / 64) * 64;
      return start;
    };
    const offsets = reserve(pattern.offsets.length);
    const indices = reserve(pattern.indices.length);
    const columns = reserve(pattern.columns * stride);
    const blocks = BLOCKS.map(() => reserve(blockRows * stride));
    const norms = reserve(blockRows);
    const pages = Math.ceil(end / 65536);
    if (pages > 65536) {
      throw new RangeError(`${pattern.indices.length} entries and ${pattern.columns} rows don't fit in 4 GB`);
    }
    const memory = new WebAssembly.Memory({ initial: pages });
    const { instance } = await WebAssembly.instantiate(Buffer.from(ROWS_WASM, "base64"), { env: { memory } });
    new Int32Array(memory.buffer, offsets, pattern.offsets.length).set(pattern.offsets);
    new Int32Array(memory.buffer, indices, pattern.indices.length).set(pattern.indices);
    const block = (n: number) => new Float32Array(memory.buffer, blocks[n], blockRows * stride);
    return new SparseRows(
      pattern,
      stride,
      blockRows,
      new Float32Array(memory.buffer, columns, pattern.columns * stride),
      { x: block(0), r: block(1), p: block(2), ap: block(3) },
      new Float32Array(memory.buffer, norms, blockRows),
      { offsets, indices },
      instance.exports as Kernel,
    );
  }

  /**
   * Adds to the first `rows` rows of block `out` the sum over the entries c of matrix row `from + row` of
   * `(constant + slope * v.y_c) y_c`, where v is the same row of block `v` and y_c the dense row of column c.
   */
  addEntries(
    from: number,
    rows: number,
    v: BlockName,
    out: BlockName,
    constant: number,
    slope: number,
  ): void {
    if (rows > this.blockRows || from + rows > this.pattern.rows) {
      throw new RangeError(`rows ${from} to ${from + rows} are not a block of this matrix`);
    }
    this.kernel.add_entries(
      this.memory.offsets + 4 * from,
      this.memory.indices,
      this.columns.byteOffset,
      this.blocks[v].byteOffset,
      this.blocks[out].byteOffset,
      rows,
      4 * this.stride,
      constant,
      slope,
    );
  }

  /** Makes the residuals in block `r` the first directions `p` and takes their lengths: begins conjugate gradients. */
  beginConjugate(rows: number): void {
    const { r, p } = this.blocks;
    p.set(r.subarray(0, rows * this.stride));
    this.kernel.squared_lengths(r.byteOffset, this.norms.byteOffset, rows, 4 * this.stride);
  }

  /** One step of conjugate gradients in each row, given the images `ap` of the directions. Moves `x`, `r` and `p`. */
  conjugateStep(rows: number): void {
    const { x, r, p, ap } = this.blocks;
    this.kernel.conjugate_step(
      x.byteOffset,
      r.byteOffset,
      p.byteOffset,
      ap.byteOffset,
      this.norms.byteOffset,
      rows,
      4 * this.stride,
    );
  }
}

/** Copies [rows, from] to [rows, to]: cuts each row or fills it up with zeros. */
export function restride(values: Float32Array, from: number, into: Float32Array, to: number): void {
  if (from === to) {
    into.set(values);
    return;
  }
  const kept = Math.min(from, to);
  for (let row = 0, rows = values.length / from; row < rows; row++) {
    into.set(values.subarray(row * from, row * from + kept), row * to);
    into.fill(0, row * to + kept, (row + 1) * to);
  }
}
