import { readFileSync } from "node:fs";
import { grad, numpy as np } from "@jax-js/jax";
import { describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import { program } from "../../../src/engine/run/program.js";
import { float32, int32, type Tensor } from "../../../src/engine/run/tensor.js";
import type { Fields } from "../../../src/recommenders/ctr/fields.js";
import type { Arrays, CtrModel } from "../../../src/recommenders/ctr/model.js";
import { autoint } from "../../../src/recommenders/ctr/models/autoint.js";
import { dcnv2 } from "../../../src/recommenders/ctr/models/dcnv2.js";
import { deepfm } from "../../../src/recommenders/ctr/models/deepfm.js";
import { din } from "../../../src/recommenders/ctr/models/din.js";
import { fm } from "../../../src/recommenders/ctr/models/fm.js";
import { lr } from "../../../src/recommenders/ctr/models/lr.js";
import { xdeepfm } from "../../../src/recommenders/ctr/models/xdeepfm.js";
import { halfSquares, initialParameters, logits } from "../../../src/recommenders/ctr/network.js";
import {
  autoIntOptions,
  dcnOptions,
  deepOptions,
  dinOptions,
  fmOptions,
  lrOptions,
  xDeepFmOptions,
} from "../../../src/recommenders/ctr/options.js";

/** Made by goldens.py, which has the models once more in PyTorch. */
const GOLDENS = JSON.parse(readFileSync(new URL("goldens.json", import.meta.url), "utf8")) as Record<
  string,
  { logits: number[]; gradients: Record<string, number> }
>;

const small = { hidden: [3] };
const MODELS: [string, CtrModel<never>, unknown][] = [
  ["lr", lr, lrOptions.parse({})],
  ["fm", fm, fmOptions.parse({})],
  ["deepfm", deepfm, deepOptions.parse(small)],
  ["dcnv2", dcnv2, dcnOptions.parse({ ...small, crossLayers: 2 })],
  ["autoint", autoint, autoIntOptions.parse({ ...small, layers: 2, heads: 2, headWidth: 2 })],
  ["xdeepfm", xdeepfm, xDeepFmOptions.parse({ ...small, maps: [2, 2] })],
  ["din", din, dinOptions.parse({ ...small, attention: [3] })],
];

const fields: Fields = {
  names: ["user", "item"],
  offsets: [0, 3],
  rows: 7,
  itemRows: Int32Array.of(3, 4, 5, 6),
  genres: 2,
  write: () => undefined,
  writeGenres: () => undefined,
};

const batch: Record<string, Tensor> = {
  fields: int32([1, 4, 2, 5, 2, 6], [3, 2]),
  genres: float32([1, 0, 0.5, 0.5, 0, 1], [3, 2]),
  target: int32([4, 5, 6]),
  liked: int32([5, 6, 4, 0, 0, 0], [3, 2]),
  likedMask: float32([1, 1, 1, 0, 0, 0], [3, 2]),
  disliked: int32([0, 0, 6, 0, 4, 5], [3, 2]),
  dislikedMask: float32([0, 0, 1, 0, 1, 1], [3, 2]),
};

/** The first parameters' names and shapes, with the values of the goldens. */
function goldenParameters(model: CtrModel<never>, options: unknown): Record<string, Tensor> {
  const initial = initialParameters(model, fields, 2, options as never, Random.fromSeed(1));
  return Object.fromEntries(
    Object.keys(initial)
      .sort()
      .map((name, i) => {
        const { shape, data } = initial[name];
        return [
          name,
          float32(
            data.map((_, k) => 0.5 * Math.sin(1.3 * i + 0.7 * k)),
            shape,
          ),
        ];
      }),
  );
}

describe.each(MODELS)("%s", (id, model, options) => {
  it("gives PyTorch's logits and gradients of every parameter", async () => {
    const parameters = goldenParameters(model, options);
    const compiled = program((inputs: { parameters: Arrays; batch: Arrays }) => {
      const forward = (p: Arrays) => logits(model, p, inputs.batch, options as never);
      const factors = np.array([1, 2, -1], { dtype: np.float32 });
      const scalar = (p: Arrays) => np.sum(np.multiply(forward(p), factors));
      return {
        logits: forward(inputs.parameters),
        gradients: grad(scalar)(inputs.parameters),
      };
    });
    const result = await compiled.run({ parameters, batch });
    await compiled.release();
    const golden = GOLDENS[id];
    Array.from(result.logits.data).forEach((value, n) => {
      expect(value).toBeCloseTo(golden.logits[n], 5);
    });
    expect(Object.keys(parameters)).toEqual(Object.keys(golden.gradients));
    for (const [name, expected] of Object.entries(golden.gradients)) {
      const { data } = (result.gradients as unknown as Record<string, Tensor>)[name];
      const length = Math.hypot(...data);
      expect(Math.abs(length / expected - 1), `${name}: ${length}, PyTorch ${expected}`).toBeLessThan(5e-4);
    }
  });
});

describe("halfSquares", () => {
  it("counts embeddings and first-order weights, and neither bias nor layers", async () => {
    const compiled = program((parameters: Arrays) => ({ sum: halfSquares(parameters) }));
    const { sum } = await compiled.run({
      table: float32([1, 2]),
      weights: float32([3]),
      bias: float32([10]),
      "out.weight": float32([10]),
    });
    await compiled.release();
    expect(sum.data[0]).toBeCloseTo((1 + 4 + 9) / 2, 5);
  });
});
