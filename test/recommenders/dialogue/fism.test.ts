import { grad, numpy as np } from "@jax-js/jax";
import { describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import { program } from "../../../src/engine/run/program.js";
import { float32 } from "../../../src/engine/run/tensor.js";
import { fism, fismOptions } from "../../../src/recommenders/dialogue/fism.js";
import { fismModel, fismScores } from "../../../src/recommenders/dialogue/fism-model.js";
import {
  historyLoss,
  type HistoryWeights,
  targetBatch,
} from "../../../src/recommenders/dialogue/history-model.js";
import { trainHistory } from "../../../src/recommenders/dialogue/history-training.js";
import { expectParity, type Arrays } from "../../engine/parity.js";
import { contextOf } from "../support.js";
import { answerTurns, protocolOf, talk } from "./talk.js";

const random = Random.fromSeed(5);
const weights: HistoryWeights = {
  embeddings: float32(random.normals(6 * 3), [6, 3]),
  bias: float32(random.normals(6)),
};
const samples = [
  { mentioned: [0, 1, 2], target: 3 },
  { mentioned: [], target: 5 },
  { mentioned: [4], target: 0 },
];
const sampled = Int32Array.of(1, 3, 5, 5);
const shape = { embeddingSize: 3, history: 2, alpha: 0.5 };
const model = fismModel(shape);
const histories = samples.map(({ mentioned }) => mentioned);
const targets = samples.map(({ target }) => target);
const batch = { ...model.inputs(histories, 4), ...targetBatch(targets, sampled, 4) };

/** The loss written again in plain numbers, from scores by item. */
function lossOf(w: HistoryWeights): number {
  const row = new Float32Array(6);
  const losses = samples.map(({ mentioned, target }) => {
    fismScores(w, mentioned, shape, row);
    const drawn = [...sampled].filter((item) => item !== target);
    const sum = [target, ...drawn].reduce((total, item) => total + Math.exp(row[item]), 0);
    return -Math.log(Math.exp(row[target]) / sum);
  });
  return losses.reduce((total, loss) => total + loss, 0) / losses.length;
}

const inputs = { embeddings: weights.embeddings, bias: weights.bias, ...batch };
const loss = ({ embeddings, bias, ...rest }: Arrays) => historyLoss(model, { embeddings, bias }, rest);

describe("FISM", () => {
  it("has the loss worked out from its scores: drawn targets and padding are left out", async () => {
    const forward = program((all: Arrays) => ({ loss: loss(all) }));
    const result = await forward.run(inputs);
    expect(result.loss.data[0]).toBeCloseTo(lossOf(weights), 5);
    await forward.release();
  });

  it("has gradients equal to jax-js's, and to differences of the loss", async () => {
    const gradient = (all: Arrays) =>
      grad((parameters: { embeddings: np.Array; bias: np.Array }) => loss({ ...all, ...parameters }))({
        embeddings: all.embeddings,
        bias: all.bias,
      }) as unknown as Arrays;
    await expectParity(gradient, inputs, 1e-5);
    const forward = program(gradient);
    const { embeddings } = await forward.run(inputs);
    await forward.release();
    for (const at of [0, 4, 7, 11, 15]) {
      const moved = (step: number) => {
        const data = weights.embeddings.data.slice();
        data[at] += step;
        return lossOf({ ...weights, embeddings: float32(data, [6, 3]) });
      };
      expect(embeddings.data[at]).toBeCloseTo((moved(0.01) - moved(-0.01)) / 0.02, 3);
    }
  });

  it("begins as popularity", () => {
    const row = new Float32Array(3);
    fismScores(model.initial([3, 0, 0], random), [], shape, row);
    expect([...row].map(Math.exp)).toEqual([4 / 6, 1 / 6, 1 / 6].map((p) => expect.closeTo(p, 5) as number));
  });

  it("learns what follows what, which popularity can't know", async () => {
    // After 0 comes 2, after 1 comes 3, equally often; item 4 is more popular than both.
    const pairs = Array.from({ length: 24 }, (_, n) =>
      n % 3 === 0 ? ["R 4"] : [`S ${(n % 3) - 1}`, `R ${(n % 3) + 1}`],
    );
    const protocol = protocolOf(
      talk(["a", "b", "c", "d", "e"], ...pairs, ["S 0", "R 2"], ["S 0", "R 2", "S 1", "R 3"]),
    );
    const given = { embeddingSize: 8, learningRate: 0.05, weightDecay: [0], epochs: 30 };
    const [first] = await answerTurns(fism, protocol, given);
    expect(first[2]).toBeGreaterThan(Math.max(first[3], first[4]));
    const { training } = protocol;
    const options = { ...fismOptions.parse(given), decay: 0 };
    const own = fismModel(options);
    const start = own.initial(new Float64Array(5), random);
    const one = await trainHistory(training, own, start, options, contextOf("fism"));
    const again = await trainHistory(training, own, start, options, contextOf("fism"));
    expect(again.weights.embeddings.data).toEqual(one.weights.embeddings.data);
  });
});
