import { grad, type numpy as np } from "@jax-js/jax";
import { describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import { program } from "../../../src/engine/run/program.js";
import type { Tensor } from "../../../src/engine/run/tensor.js";
import { prefixed, unprefixed } from "../../../src/engine/train/names.js";
import { Segments } from "../../../src/recommenders/sequential/examples.js";
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
import { type Arrays, expectParity, onRuntime } from "../../engine/parity.js";
import { sequenceTraining } from "./support.js";

const small = { embedding: 4, batchSize: 8 };
const SEQUENCES = [
  [0, 1, 2, 1, 4],
  [3, 1, 0],
  [5, 2, 4, 0],
];
const train = sequenceTraining(SEQUENCES, { items: 7, historyLength: 4 });
const random = Random.fromSeed("sequences");
const sasrecOf = (more: object = {}) =>
  networkModel(sasrec, train, sasRecOptions.parse({ ...small, inner: 6, ...more }), random);
const gru4recOf = (more: object = {}) =>
  networkModel(gru4rec, train, gru4RecOptions.parse({ ...small, hidden: 3, ...more }), random);
const caserOf = () => {
  const sizes = { length: 3, horizontal: 6, vertical: 2 };
  return networkModel(caser, train, caserOptions.parse({ ...small, ...sizes }), random);
};

/** Values of a size at which no gradient vanishes, biases and norms included. */
function large({ initial }: NextItemModel): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(initial).map(([name, { shape, data }], i) => [
      name,
      { shape, data: random.fork(i).normals(data.length, 0.6) },
    ]),
  );
}

/** The first batch of the first epoch. */
function firstBatch(model: NextItemModel) {
  return model.batch(
    Int32Array.from({ length: model.batchSize }, (_, n) => n),
    random,
    1,
  );
}

const MODELS: [string, NextItemModel][] = [
  ["fpmc", fpmcModel(train, fpmcOptions.parse(small), random)],
  ["gru4rec", gru4recOf()],
  ["caser", caserOf()],
  ["sasrec", sasrecOf()],
];

describe.each(MODELS)("%s", (_id, model) => {
  it("has jax-js' loss and gradient of every parameter, none of them zero", async () => {
    const parameters = large(model);
    const flat = { ...prefixed("p:", parameters), ...prefixed("b:", firstBatch(model)) };
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

describe.each([
  ["sasrec", sasrecOf({ targets: 3, dropout: 0 })],
  ["gru4rec", gru4recOf({ targets: 3, dropout: 0 })],
])("%s with several targets a pass", (_id, model) => {
  it("foretells each from what came before it alone", async () => {
    const forward = program((inputs: { parameters: Arrays; batch: Arrays }) => ({
      logits: model.logits(inputs.parameters, inputs.batch),
    }));
    const parameters = large(model);
    const segments = new Segments(train, 3, 4, random.fork("segments"));
    const batch = firstBatch(model);
    const together = await forward.run({ parameters, batch });
    const width = model.vocabulary.items.length;
    let checked = 0;
    for (let n = 0; n < model.batchSize; n++) {
      const { user, history, targets } = segments.at(n, 1);
      for (let q = 0; q < targets.length; q++) {
        const before = history.subarray(0, history.length - (targets.length - 1 - q));
        const alone = await forward.run({ parameters, batch: model.queries([{ user, history: before }], 1) });
        const row = (n + 1) * 3 - targets.length + q;
        expect((batch.target.data as Int32Array)[row]).toBe(targets[q]);
        alone.logits.data.forEach((logit, item) => {
          expect(together.logits.data[row * width + item]).toBeCloseTo(logit, 4);
        });
        checked++;
      }
    }
    await forward.release();
    expect(checked).toBeGreaterThanOrEqual(4);
  });
});

describe("Segments", () => {
  it.each([1, 2, 3, 5])("foretell every item but the first once an epoch, %i at a time", (width) => {
    const longest = 5;
    const sequences = [1, 2, 3, 7, 12].map((length, user) => ({
      user,
      items: Int32Array.from({ length }, (_, n) => 100 * user + n),
      times: null,
    }));
    const segments = new Segments({ sequences }, width, longest, random);
    const cuts = new Set<string>();
    for (let epoch = 1; epoch <= 2 * width; epoch++) {
      const targets: number[] = [];
      for (let n = 0; n < segments.length; n++) {
        const { user, history, targets: own } = segments.at(n, epoch);
        targets.push(...own);
        expect(own.length).toBeLessThanOrEqual(width);
        if (own.length === 0) continue;
        const last = own[own.length - 1];
        expect([...history]).toEqual(
          Array.from({ length: Math.min(longest, last - 100 * user) }, (_, n) => n + last).map(
            (item) => item - Math.min(longest, last - 100 * user),
          ),
        );
      }
      expect(targets).toEqual(sequences.flatMap(({ items }) => [...items.subarray(1)]));
      cuts.add(
        Array.from({ length: segments.length }, (_, n) => segments.at(n, epoch).targets.length).join(),
      );
    }
    expect(cuts.size).toBe(width);
  });
});
