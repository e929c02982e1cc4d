import { describe, expect, it } from "vitest";
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "../../src/core/half.js";

// torch.tensor(VALUES).to(torch.float16).view(torch.int16) and .bfloat16() likewise, as unsigned numbers.
const VALUES = [
  0,
  -0,
  1,
  -1.5,
  0.1,
  1 / 3,
  65504,
  65519,
  65520,
  1e-8,
  6e-8,
  3.05e-5,
  2049,
  2051,
  Infinity,
  -Infinity,
  1e30,
];
const FLOAT16 = [
  0, 32768, 15360, 48640, 11878, 13653, 31743, 31743, 31744, 0, 1, 512, 26624, 26626, 31744, 64512, 31744,
];
const BFLOAT16 = [
  0, 32768, 16256, 49088, 15821, 16043, 18304, 18304, 18304, 12844, 13185, 14336, 17664, 17664, 32640, 65408,
  29002,
];

describe("16-bit floats", () => {
  it("round as PyTorch does", () => {
    expect([...toFloat16(Float32Array.from(VALUES))]).toEqual(FLOAT16);
    expect([...toBfloat16(Float32Array.from(VALUES))]).toEqual(BFLOAT16);
  });

  it("come back exactly: every pattern of bits", () => {
    const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
    for (const [to, from] of [
      [toFloat16, fromFloat16],
      [toBfloat16, fromBfloat16],
    ] as const) {
      const values = from(all);
      const back = to(values);
      for (let i = 0; i < 65536; i++) {
        if (Number.isNaN(values[i])) expect(Number.isNaN(from(back.subarray(i, i + 1))[0])).toBe(true);
        else if (back[i] !== all[i]) throw new Error(`${i} became ${back[i]}`);
      }
    }
  });
});
