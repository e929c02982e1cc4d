import { grad } from "@jax-js/jax";
import { describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import { prefixed, unprefixed } from "../../../src/engine/train/names.js";
import {
  historyLoss,
  type HistoryWeights,
  targetBatch,
} from "../../../src/recommenders/dialogue/history-model.js";
import { trainHistory } from "../../../src/recommenders/dialogue/history-training.js";
import { fism } from "../../../src/recommenders/dialogue/fism.js";
import { sasrecConversation, sasRecDialogueOptions } from "../../../src/recommenders/dialogue/sasrec.js";
import { sasRecModel } from "../../../src/recommenders/dialogue/sasrec-model.js";
import { RECOMMENDERS, resolveOptions, selectRecommenders } from "../../../src/recommenders/registry.js";
import { type Arrays, expectParity } from "../../engine/parity.js";
import { contextOf } from "../support.js";
import { answerTurns, protocolOf, talk } from "./talk.js";

const random = Random.fromSeed("sasrec");
const ITEMS = 6;
const shape = { embeddingSize: 4, history: 3, layers: 1, heads: 1, inner: 5, dropout: 0 };

/** Values of a size at which no gradient vanishes. */
function large(weights: HistoryWeights): HistoryWeights {
  return Object.fromEntries(
    Object.entries(weights).map(([name, { shape: own, data }]) => [
      name,
      { shape: own, data: random.fork(name).normals(data.length, 0.6) },
    ]),
  );
}

const model = sasRecModel(shape);
const weights = large(model.initial(new Float64Array(ITEMS), random));

async function scoresOf(mentioned: readonly number[], own = model, parameters = weights): Promise<number[]> {
  const scorer = own.scorer();
  const scores = await scorer.score(parameters, [{ mentioned }], new AbortController().signal);
  await scorer.release();
  return [...scores];
}

type Row = readonly number[];
const rowOf = (name: string, row: number, width: number): Row =>
  Array.from(weights[name].data.subarray(row * width, (row + 1) * width));
const plus = (...rows: Row[]): Row => rows[0].map((_, d) => rows.reduce((sum, row) => sum + row[d], 0));
const dot = (a: Row, b: Row): number => a.reduce((sum, value, d) => sum + value * b[d], 0);
function dense(name: string, x: Row): Row {
  const bias = Array.from(weights[`${name}.bias`].data);
  return plus(
    bias.map((_, column) =>
      dot(
        x,
        x.map((_value, d) => weights[`${name}.weight`].data[d * bias.length + column]),
      ),
    ),
    bias,
  );
}
function norm(name: string, x: Row): Row {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const deviation = Math.sqrt(x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length);
  return x.map(
    (value, d) =>
      ((value - mean) / deviation) * weights[`${name}.weight`].data[d] + weights[`${name}.bias`].data[d],
  );
}
/** The normal distribution function by its series, for GELU. */
function phi(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; n < 60; n++) sum += term *= (-x * x * (2 * n - 1)) / (2 * n * (2 * n + 1));
  return 0.5 + sum / Math.sqrt(2 * Math.PI);
}

/** One layer with one head, written again place by place. */
function byHand(mentioned: readonly number[]): Row {
  const places = [rowOf("start", 0, 4), ...mentioned.map((item) => rowOf("embeddings", item, 4))];
  const x = places.map((row, place) => norm("norm", plus(row, rowOf("positions", place, 4))));
  const last = x[x.length - 1];
  const query = dense("query0", last);
  const exps = x.map((row) => Math.exp(dot(query, dense("key0", row)) / 2));
  const total = exps.reduce((sum, value) => sum + value, 0);
  const attended = x
    .map((row, place): Row => dense("value0", row).map((value) => (value * exps[place]) / total))
    .reduce((sum, row) => plus(sum, row));
  const y = norm("attentionNorm0", plus(dense("out0", attended), last));
  const inner = dense("inner0", y).map((value) => value * phi(value));
  const state = norm("innerNorm0", plus(dense("outer0", inner), y));
  return Array.from(
    { length: ITEMS },
    (_, item) => dot(state, rowOf("embeddings", item, 4)) + weights.bias.data[item],
  );
}

const withoutKeyBiases = (all: Arrays): Arrays =>
  Object.fromEntries(Object.entries(all).filter(([name]) => !/^key\d\.bias$/.test(name)));

describe("SASRec in conversations", () => {
  it.each([[[]], [[3]], [[5, 0, 3]]])(
    "scores what is named (%j) as worked out place by place",
    async (mentioned) => {
      const expected = byHand(mentioned);
      (await scoresOf(mentioned)).forEach((score, item) => {
        expect(score).toBeCloseTo(expected[item], 4);
      });
    },
  );

  it("looks at the last items named, and at their order", async () => {
    expect(await scoresOf([4, 1, 5, 0, 3])).toEqual(await scoresOf([5, 0, 3]));
    const [one, other] = [await scoresOf([0, 3]), await scoresOf([3, 0])];
    expect(Math.max(...one.map((score, item) => Math.abs(score - other[item])))).toBeGreaterThan(0.01);
  });

  it("has gradients equal to jax-js's, with dropout and padding", async () => {
    const dropping = sasRecModel({ ...shape, layers: 2, heads: 2, dropout: 0.3 });
    const own = large(dropping.initial(new Float64Array(ITEMS), random));
    const batch = {
      ...dropping.inputs([[0, 1], [], [4, 2, 5]], 4, random),
      ...targetBatch([3, 5, 0], Int32Array.of(1, 3, 5), 4),
    };
    expect(Object.keys(batch).filter((name) => name.startsWith("dropout"))).toHaveLength(7);
    // A key's bias shifts all logits of a softmax alike: its gradient is 0 but for rounding.
    const gradient = (all: Arrays) =>
      withoutKeyBiases(
        grad((parameters: Arrays) => historyLoss(dropping, parameters, unprefixed("b:", all) as Arrays))(
          unprefixed("p:", all),
        ),
      );
    await expectParity(gradient, { ...prefixed("p:", own), ...prefixed("b:", batch) }, 1e-4);
  });

  it("drops nothing when it answers, and begins near popularity", async () => {
    expect(Object.keys(sasRecModel({ ...shape, dropout: 0.5 }).inputs([[0]], 1))).toEqual([
      "items",
      "known",
      "places",
    ]);
    const first = await scoresOf([1], model, model.initial([30, 0, 3, 0, 0, 0], random));
    expect(first.indexOf(Math.max(...first))).toBe(0);
    expect(first[2]).toBeGreaterThan(first[1]);
  });

  it("learns what follows in which order, which a sum of the items named can't know", async () => {
    // After 0 and then 1 comes 2; after 1 and then 0 comes 3.
    const pairs = Array.from({ length: 60 }, (_, n) =>
      n % 2 === 0 ? ["S 0", "S 1", "R 2"] : ["S 1", "S 0", "R 3"],
    );
    const dataset = talk(["a", "b", "c", "d"], ...pairs, [], ["S 1 0", "R 3"]);
    const protocol = protocolOf(dataset);
    const { training } = protocol;
    const turns = [...protocol.turns, { ...protocol.turns[0], mentioned: [0, 1] }];
    const shared = {
      embeddingSize: 8,
      learningRate: 0.01,
      weightDecay: [0],
      batchSize: 10,
      epochs: 8,
    };
    const given = { ...shared, inner: 16 };
    const [first, second] = await answerTurns(sasrecConversation, { ...protocol, turns }, given);
    expect(first[3] - first[2]).toBeGreaterThan(1);
    expect(second[2] - second[3]).toBeGreaterThan(1);
    const [one, other] = await answerTurns(fism, { ...protocol, turns }, shared);
    expect(one[3] - one[2]).toBeCloseTo(other[3] - other[2], 5);

    const options = { ...sasRecDialogueOptions.parse(given), decay: 0 };
    const own = sasRecModel(options);
    const start = own.initial(new Float64Array(4), random);
    const trained = await trainHistory(training, own, start, options, contextOf("sasrec"));
    const again = await trainHistory(training, own, start, options, contextOf("sasrec"));
    expect(again.weights).toEqual(trained.weights);
  });

  it("takes part as FISM does, and refuses heads that do not divide the embedding", () => {
    for (const group of ["all", "classic"]) {
      const ids = selectRecommenders("conversation", [group], RECOMMENDERS).map(({ id }) => id);
      expect(ids).toEqual(expect.arrayContaining(["fism", "sasrec"]));
    }
    expect(() => resolveOptions(sasrecConversation, { embeddingSize: 9 })).toThrow(/multiple of the number/);
  });
});
