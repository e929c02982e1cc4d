import { describe, expect, it } from "vitest";
import { InterruptedError } from "../../../src/core/errors.js";
import { Random } from "../../../src/core/random.js";
import { multiply } from "../../../src/engine/linalg/multiply.js";

const random = Random.fromSeed("multiply");
const matrix = (rows: number, columns: number) => ({ rows, columns, data: random.normals(rows * columns) });

/** op(a) op(b) by plain loops in double precision. */
function brute(
  a: ReturnType<typeof matrix>,
  b: ReturnType<typeof matrix>,
  transposeA: boolean,
  transposeB: boolean,
): number[] {
  const left = (r: number, k: number) => (transposeA ? a.data[k * a.columns + r] : a.data[r * a.columns + k]);
  const right = (k: number, c: number) =>
    transposeB ? b.data[c * b.columns + k] : b.data[k * b.columns + c];
  const [rows, inner] = transposeA ? [a.columns, a.rows] : [a.rows, a.columns];
  const columns = transposeB ? b.rows : b.columns;
  const out: number[] = [];
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += left(r, k) * right(k, c);
      out.push(sum);
    }
  }
  return out;
}

const error = (found: ArrayLike<number>, expected: number[]) =>
  Math.max(...expected.map((value, n) => Math.abs(value - found[n])));

describe("multiply", () => {
  it.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])("equals plain loops (transposed: %s, %s)", async (transposeA, transposeB) => {
    const a = transposeA ? matrix(7, 5) : matrix(5, 7);
    const b = transposeB ? matrix(3, 7) : matrix(7, 3);
    const expected = brute(a, b, transposeA, transposeB);
    const single = await multiply(a, b, { transposeA, transposeB });
    expect([single.rows, single.columns]).toEqual([5, 3]);
    expect(error(single.data, expected)).toBeLessThan(1e-5);
    const double = (one: typeof a) => ({ ...one, data: Float64Array.from(one.data) });
    const exact = await multiply(double(a), double(b), { transposeA, transposeB });
    expect(exact.data).toBeInstanceOf(Float64Array);
    expect(error(exact.data, expected)).toBeLessThan(1e-13);
  });

  it("gives the same bits when a large product is cut", async () => {
    const a = matrix(30, 20);
    const b = matrix(20, 10);
    const whole = await multiply(a, b);
    expect((await multiply(a, b, { multiplyAddsPerRun: 1500 })).data).toEqual(whole.data);
  });

  it("turns a wide and deep product round, whose sums would depend on the number of threads", async () => {
    const [a, b] = [matrix(4, 300), matrix(300, 50)];
    const expected = brute(a, b, false, false);
    expect(error((await multiply(a, b)).data, expected)).toBeLessThan(1e-3);
    const turned = { rows: 50, columns: 300, data: new Float32Array(15_000) };
    for (let k = 0; k < 300; k++) for (let c = 0; c < 50; c++) turned.data[c * 300 + k] = b.data[k * 50 + c];
    const again = await multiply(a, turned, { transposeB: true });
    expect(error(again.data, expected)).toBeLessThan(1e-3);
  });

  it("refuses sides that don't fit", async () => {
    await expect(multiply(matrix(2, 3), matrix(2, 3))).rejects.toThrow("[2, 3] and [2, 3]");
  });

  it("stops when it's interrupted", async () => {
    const signal = AbortSignal.abort();
    await expect(multiply(matrix(2, 2), matrix(2, 2), { signal })).rejects.toBeInstanceOf(InterruptedError);
  });
});
