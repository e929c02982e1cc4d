/** Side of the square blocks that {@link transpose} works in: two of them fit in a core's first cache. */
const BLOCK = 32;

/** The transpose of a row-major `[rows, columns]` matrix. */
export function transpose(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(matrix.length);
  for (let r0 = 0; r0 < rows; r0 += BLOCK) {
    const r1 = Math.min(rows, r0 + BLOCK);
    for (let c0 = 0; c0 < columns; c0 += BLOCK) {
      const c1 = Math.min(columns, c0 + BLOCK);
      for (let r = r0; r < r1; r++) for (let c = c0; c < c1; c++) out[c * rows + r] = matrix[r * columns + c];
    }
  }
  return out;
}

/** Weights of few bits as ONNX Runtime's MatMulNBits wants them. */
export interface QuantisedMatrix {
  /** `[outputs, blocks, BLOCK_SIZE * bits / 8]`; at 4 bits the even value of a pair lies in the low half. */
  readonly packed: Uint8Array;
  /** `[outputs, blocks]` */
  readonly scales: Float32Array;
  readonly blocks: number;
}

/** Weights along a row that share one scale. */
export const QUANTISATION_BLOCK = 32;

/**
 * Rounds a `[outputs, inputs]` matrix to 4 or 8 bits, symmetric about zero, one scale for each 32 inputs:
 * w = scale * (q - 2^(bits-1)), scale = (the value of largest magnitude) / -2^(bits-1), so that this value is exact.
 * A row that isn't a multiple of 32 long is padded with zeros.
 */
export function quantise(
  matrix: Float32Array,
  outputs: number,
  inputs: number,
  bits: 4 | 8,
): QuantisedMatrix {
  const blocks = Math.ceil(inputs / QUANTISATION_BLOCK);
  const bytes = (QUANTISATION_BLOCK * bits) / 8;
  const zero = 2 ** (bits - 1);
  const packed = new Uint8Array(outputs * blocks * bytes);
  const scales = new Float32Array(outputs * blocks);
  for (let row = 0; row < outputs; row++) {
    for (let block = 0; block < blocks; block++) {
      const from = row * inputs + block * QUANTISATION_BLOCK;
      const length = Math.min(QUANTISATION_BLOCK, inputs - block * QUANTISATION_BLOCK);
      let largest = 0;
      for (let i = 0; i < length; i++) {
        if (Math.abs(matrix[from + i]) > Math.abs(largest)) largest = matrix[from + i];
      }
      const scale = largest / -zero;
      scales[row * blocks + block] = scale;
      const at = (row * blocks + block) * bytes;
      for (let i = 0; i < QUANTISATION_BLOCK; i++) {
        const value = i < length && scale !== 0 ? matrix[from + i] / scale : 0;
        const q = Math.min(2 * zero - 1, Math.max(0, Math.round(value) + zero));
        if (bits === 8) packed[at + i] = q;
        else packed[at + (i >> 1)] |= i % 2 === 0 ? q : q << 4;
      }
    }
  }
  return { packed, scales, blocks };
}
