import { UsageError } from "../../core/errors.js";
import { UPDATE_WASM } from "../generated/update-wasm.js";
import { formatBytes } from "../run/memory.js";

/** What this module uses of WebAssembly; the project's type library has no more than its types. */
declare const WebAssembly: {
  Memory: new (size: { initial: number; maximum: number }) => { buffer: ArrayBuffer };
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { exports: unknown };
};

/** The passes of update.wat; addresses in bytes. */
export interface Kernels {
  sgd(w: number, g: number, count: number, scale: number, l2: number, rate: number): void;
  momentum(
    w: number,
    b: number,
    g: number,
    count: number,
    scale: number,
    l2: number,
    momentum: number,
    rate: number,
  ): void;
  adam(
    w: number,
    m: number,
    v: number,
    g: number,
    count: number,
    scale: number,
    l2: number,
    keep: number,
    beta1: number,
    rest1: number,
    beta2: number,
    rest2: number,
    root: number,
    epsilon: number,
    size: number,
  ): void;
  sum_squares(g: number, count: number): number;
  add_rows(table: number, width: number, index: number, rows: number, count: number, weight: number): void;
}

const PAGE = 65536;
/** A WebAssembly memory has 32-bit addresses. */
const MOST_PAGES = 65536;
const ALIGNMENT = 16;
/** Numbers, and row numbers, that {@link TrainingMemory.addRows} takes in at a time: small enough for a processor's cache. */
const SCRATCH = 32768;

/** An array in a {@link TrainingMemory}. The view stays valid as long as the memory: it never grows. */
export interface Block {
  readonly address: number;
  readonly data: Float32Array;
}

/** How many bytes arrays of these lengths take. */
function aligned(length: number): number {
  return Math.ceil((length * 4) / ALIGNMENT) * ALIGNMENT;
}

/**
 * One WebAssembly memory for everything that an optimiser reads and writes: its passes work in place, and ONNX
 * Runtime reads parameters from it and writes gradients into it without a copy.
 */
export class TrainingMemory {
  readonly kernels: Kernels;
  private readonly buffer: ArrayBuffer;
  private readonly scratch: Block;
  private readonly scratchIndex: Int32Array;
  private end = ALIGNMENT;

  /**
   * @param lengths - of all arrays that will be asked for.
   * @throws UsageError where they don't fit in 4 GB.
   */
  constructor(lengths: readonly number[]) {
    const bytes = [...lengths, SCRATCH, SCRATCH].reduce((sum, length) => sum + aligned(length), ALIGNMENT);
    const pages = Math.ceil(bytes / PAGE);
    if (pages > MOST_PAGES) {
      throw new UsageError(
        "TOO_MANY_PARAMETERS",
        `parameters, gradients and the optimiser's state take ${formatBytes(bytes)}; 4.3 GB is the most that can be trained`,
        { hint: "Train an adapter (LoRA) instead of all weights, or a smaller model." },
      );
    }
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const module = new WebAssembly.Module(Buffer.from(UPDATE_WASM, "base64"));
    this.kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as Kernels;
    this.buffer = memory.buffer;
    this.scratch = this.allocate(SCRATCH);
    const index = this.allocate(SCRATCH);
    this.scratchIndex = new Int32Array(this.buffer, index.address, SCRATCH);
  }

  /** The next array, all zeros. */
  allocate(length: number): Block {
    const address = this.end;
    this.end += aligned(length);
    return { address, data: new Float32Array(this.buffer, address, length) };
  }

  /**
   * Adds rows, times a weight, to rows of a table in this memory, in the order given.
   * @param width - numbers in a row.
   * @param index - the table's row for each row; not checked.
   */
  addRows(table: Block, width: number, index: Int32Array, rows: Float32Array, weight: number): void {
    if (width > SCRATCH) {
      index.forEach((row, i) => {
        for (let d = 0; d < width; d++) table.data[row * width + d] += weight * rows[i * width + d];
      });
      return;
    }
    const most = Math.floor(SCRATCH / Math.max(1, width));
    for (let first = 0; first < index.length; first += most) {
      const count = Math.min(most, index.length - first);
      this.scratchIndex.set(index.subarray(first, first + count));
      this.scratch.data.set(rows.subarray(first * width, (first + count) * width));
      const { byteOffset } = this.scratchIndex;
      this.kernels.add_rows(table.address, width, byteOffset, this.scratch.address, count, weight);
    }
  }
}
