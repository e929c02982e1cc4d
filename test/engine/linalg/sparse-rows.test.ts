import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packageRoot } from "../../../src/core/files.js";
import { sha256 } from "../../../src/core/hash.js";
import { Random } from "../../../src/core/random.js";
import { ROWS_SOURCE } from "../../../src/engine/generated/rows-wasm.js";
import { restride, SparseRows } from "../../../src/engine/linalg/sparse-rows.js";

const pattern = {
  rows: 4,
  columns: 5,
  offsets: Int32Array.from([0, 2, 2, 5, 6]),
  indices: Int32Array.from([0, 3, 1, 2, 4, 0]),
};

describe("SparseRows", () => {
  it("is compiled from the source beside it", () => {
    const source = readFileSync(join(packageRoot(), "src/engine/linalg/rows.wat"), "utf8");
    expect(ROWS_SOURCE, "rows.wat has changed: compile it again (src/engine/generated/README.md)").toBe(
      sha256(source),
    );
  });

  it.each([1, 10, 16, 40])("adds the entries' rows (size %i)", async (size) => {
    const random = Random.fromSeed(size);
    const y = random.normals(5 * size);
    const v = random.normals(3 * size);
    const start = random.normals(3 * size);
    const matrix = await SparseRows.create(pattern, size, 3);
    const { stride, blocks } = matrix;
    expect(stride % 16).toBe(0);
    restride(y, size, matrix.columns, stride);
    for (const [constant, slope] of [
      [2, 0],
      [0, 3],
      [1.5, -0.5],
    ]) {
      restride(v, size, blocks.p, stride);
      restride(start, size, blocks.ap, stride);
      matrix.addEntries(1, 3, "p", "ap", constant, slope);
      const expected = Array.from(start);
      for (let row = 0; row < 3; row++) {
        for (let e = pattern.offsets[row + 1]; e < pattern.offsets[row + 2]; e++) {
          const other = pattern.indices[e] * size;
          let dot = 0;
          for (let d = 0; d < size; d++) dot += v[row * size + d] * y[other + d];
          for (let d = 0; d < size; d++) expected[row * size + d] += (constant + slope * dot) * y[other + d];
        }
      }
      const found = new Float32Array(3 * size);
      restride(blocks.ap, stride, found, size);
      expect(Math.max(...expected.map((value, n) => Math.abs(value - found[n])))).toBeLessThan(2e-4);
    }
  });

  it("solves diagonal systems by conjugate gradients in as many steps as they have different values", async () => {
    const matrix = await SparseRows.create(pattern, 3, 2);
    const { stride, blocks } = matrix;
    const diagonal = [1, 2, 4];
    // Row 0: b = (3, 2, 8), x = 0. Row 1: solved already.
    blocks.r.set([3, 2, 8]);
    matrix.beginConjugate(2);
    for (let step = 0; step < 3; step++) {
      for (const row of [0, 1])
        diagonal.forEach((value, d) => (blocks.ap[row * stride + d] = value * blocks.p[row * stride + d]));
      matrix.conjugateStep(2);
    }
    [3, 1, 2].forEach((value, d) => {
      expect(blocks.x[d]).toBeCloseTo(value, 4);
    });
    expect(Array.from(blocks.x.subarray(stride, stride + 3))).toEqual([0, 0, 0]);
  });

  it("refuses rows outside the matrix or the block", async () => {
    const matrix = await SparseRows.create(pattern, 3, 2);
    expect(() => {
      matrix.addEntries(0, 3, "x", "r", 1, 0);
    }).toThrow(RangeError);
    expect(() => {
      matrix.addEntries(3, 2, "x", "r", 1, 0);
    }).toThrow(RangeError);
  });
});
