import { grad, type numpy as np } from "@jax-js/jax";
import { describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import type { Tensor } from "../../../src/engine/run/tensor.js";
import { fpmcModel } from "../../../src/recommenders/sequential/fpmc.js";
import { caser } from "../../../src/recommenders/sequential/models/caser.js";
import { gru4rec } from "../../../src/recommenders/sequential/models/gru4rec.js";
import { sasrec } from "../../../src/recommenders/sequential/models/sasrec.js";
import { networkModel } from "../../../src/recommenders/sequential/network.js";
import {
  caserOptions,
  fpmcOptions,
  gru4RecOptions,
  sasRecOptions,
} from "../../../src/recommenders/sequential/options.js";
import type { NextItemModel } from "../../../src/recommenders/sequential/train.js";
import { prefixed, unprefixed } from "../../../src/engine/train/names.js";
import { type Arrays, expectParity, onRuntime } from "../../engine/parity.js";
import { sequenceTraining } from "./support.js";

const small = { embedding: 4, batchSize: 8 };
const train = sequenceTraining(
  [
    [0, 1, 2, 1, 4],
    [3, 1, 0],
    [5, 2, 4, 0],
  ],
  { items: 7, historyLength: 4 },
);
const random = Random.fromSeed("sequences");
const MODELS: [string, NextItemModel][] = [
  ["fpmc", fpmcModel(train, fpmcOptions.parse(small), random)],
  ["gru4rec", networkModel(gru4rec, train, gru4RecOptions.parse({ ...small, hidden: 3 }), random)],
  [
    "caser",
    networkModel(
      caser,
      train,
      caserOptions.parse({ ...small, length: 3, horizontal: 6, vertical: 2 }),
      random,
    ),
  ],
  ["sasrec", networkModel(sasrec, train, sasRecOptions.parse({ ...small, inner: 6 }), random)],
];

describe.each(MODELS)("%s", (_id, model) => {
  // Values of a size at which no gradient vanishes, biases and norms included.
  const parameters = Object.fromEntries(
    Object.entries(model.initial).map(([name, { shape, data }], i): [string, Tensor] => [
      name,
      { shape, data: random.fork(i).normals(data.length, 0.6) },
    ]),
  );
  const batch = model.batch(
    Int32Array.from({ length: Math.min(8, model.examples) }, (_, n) => n),
    random,
  );

  it("has jax-js' loss and gradient of every parameter, none of them zero", async () => {
    const flat = { ...prefixed("p:", parameters), ...prefixed("b:", batch) };
    // A bias of all keys alike shifts a softmax: its gradient is 0 but for rounding.
    const isCounted = (name: string) => !/^key\d+\.bias$/.test(name);
    const step = (inputs: Arrays) => {
      const own = unprefixed("b:", inputs) as Arrays;
      const loss = (p: Arrays): np.Array => model.loss(p, own);
      const p = unprefixed("p:", inputs) as Arrays;
      const gradients = Object.entries(grad(loss)(p) as unknown as Record<string, np.Array>);
      return { loss: loss(p), ...Object.fromEntries(gradients.filter(([name]) => isCounted(name))) };
    };
    await expectParity(step, flat);
    const { loss, ...gradients } = await onRuntime(step, flat);
    expect(loss.data[0]).toBeGreaterThan(0);
    expect(Object.keys(gradients)).toEqual(Object.keys(parameters).filter(isCounted));
    for (const [name, { data }] of Object.entries(gradients)) {
      expect(Math.hypot(...(data as Float32Array)), name).toBeGreaterThan(1e-6);
    }
  });
});
