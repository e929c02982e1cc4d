import { describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import type { Dataset } from "../../../src/data/dataset.js";
import { openWorld } from "../../../src/data/world/open.js";
import { makeSplit } from "../../../src/data/splits/strategies.js";
import { auc } from "../../../src/metrics/ctr/auc.js";
import { fieldsOf } from "../../../src/recommenders/ctr/fields.js";
import { dropoutMasks, pairBatch } from "../../../src/recommenders/ctr/batches.js";
import { resolveOptions, selectRecommenders } from "../../../src/recommenders/registry.js";
import { ctrOptions, ctrProtocol, type CtrProtocol } from "../../../src/tasks/ctr-protocol.js";
import { datasetOf } from "../../data/fixtures.js";
import { failureOf } from "../../data/readers/files.js";
import { contextOf } from "../support.js";

/** Two tastes: a user of even number likes items of even number and no others, with one answer in ten turned round. */
function planted(): Dataset {
  const random = Random.fromSeed("planted");
  const rows: number[][] = [];
  const values: number[] = [];
  for (let user = 0; user < 60; user++) {
    for (const item of random.sample(30, 24)) {
      rows.push([user, item, rows.length]);
      const likes = (user + item) % 2 === 0;
      values.push(likes === random.uniform() < 0.9 ? 5 : 1);
    }
  }
  const plain = datasetOf(rows);
  return {
    ...plain,
    items: {
      ...plain.items,
      categoryNames: ["a", "b", "c"],
      categories: plain.items.keys.map((_, i) => [i % 3]),
    },
    interactions: { ...plain.interactions, values: Float32Array.from(values) },
  };
}

const data = planted();
const protocol = ctrProtocol(data, makeSplit(data, "ratio", { test: 0.2 }), ctrOptions.parse({ history: 8 }));

async function answersOf(
  id: string,
  given: Record<string, unknown>,
  seed = 1,
  on: CtrProtocol = protocol,
  block = 1e9,
) {
  const [recommender] = selectRecommenders("ctr", [id]);
  const context = contextOf(id, seed);
  const fitted = await recommender.fit(on.training, resolveOptions(recommender, given), context);
  const cases = Array.from(on.test.labels, (_, n) => on.caseOf(n));
  const answers: number[] = [];
  for (let from = 0; from < cases.length; from += block)
    answers.push(...(await fitted.answer(cases.slice(from, from + block), context)));
  return answers;
}

const quick = { embedding: 4, batchSize: 128, learningRate: 0.03, epochs: 20, patience: 20, l2: 0 };
const narrow = { ...quick, hidden: [16] };
/** What learns the planted tastes, with an AUC that the tenth of turned answers allows (0.9 at best). */
const LEARNERS: [string, Record<string, unknown>][] = [
  ["fm", quick],
  ["deepfm", narrow],
  ["dcnv2", narrow],
  ["autoint", { ...narrow, headWidth: 4, layers: 2 }],
  ["xdeepfm", { ...narrow, maps: [4] }],
  ["din", { ...narrow, attention: [8] }],
];

describe.each(LEARNERS)("%s", (id, options) => {
  it("finds planted tastes, in the same bytes twice and whatever the block", async () => {
    const answers = await answersOf(id, options);
    expect(answers.every((p) => p >= 0 && p <= 1)).toBe(true);
    expect(auc(protocol.test.labels, answers)).toBeGreaterThan(0.75);
    expect(await answersOf(id, options, 1, protocol, 50)).toEqual(answers);
  }, 240_000);
});

describe("validation pairs of one class", () => {
  it("are refused, since nothing could say when to stop; none at all are fine", async () => {
    const { validation } = protocol.training;
    const of = (keep: (label: number) => boolean): CtrProtocol => {
      const kept = Int32Array.from(validation.labels.keys()).filter((n) => keep(validation.labels[n]));
      const rows = {
        users: kept.map((n) => validation.users[n]),
        items: kept.map((n) => validation.items[n]),
        labels: Float32Array.from(kept, (n) => validation.labels[n]),
        times: Float64Array.from(kept, (n) => validation.times[n]),
      };
      return { ...protocol, training: { ...protocol.training, validation: rows } };
    };
    const options = { ...quick, epochs: 1 };
    for (const label of [0, 1]) {
      const failure = await failureOf(
        answersOf(
          "fm",
          options,
          1,
          of((one) => one === label),
        ),
      );
      expect(failure).toMatchObject({ exit: 3, code: "ONE_CLASS" });
      expect(failure.message).toMatch(/^the \d+ validation pairs are all of one class/);
    }
    const answers = await answersOf(
      "fm",
      options,
      1,
      of(() => false),
    );
    expect(answers.every((p) => p > 0 && p < 1)).toBe(true);
  }, 240_000);
});

describe("lr", () => {
  it("can't find tastes that are interactions alone", async () => {
    const options = { batchSize: 128, learningRate: 0.03, epochs: 20, patience: 20, l2: 0 };
    const value = auc(protocol.test.labels, await answersOf("lr", options));
    expect(value).toBeGreaterThan(0.3);
    expect(value).toBeLessThan(0.65);
  });
});

describe("controls", () => {
  it("know the rate, the item and user, nothing, or the truth", async () => {
    const world = openWorld({ size: "tiny" });
    const on = ctrProtocol(world, makeSplit(world, "global-time"), ctrOptions.parse({}));
    const value = async (id: string) => auc(on.test.labels, await answersOf(id, {}, 1, on));
    expect(await value("ctr-rate")).toBe(0.5);
    expect(Math.abs((await value("random")) - 0.5)).toBeLessThan(0.1);
    expect(await value("item-rate")).toBeGreaterThan(0.55);
    const [oracle] = selectRecommenders("ctr", ["oracle"]);
    const context = { ...contextOf("oracle"), truth: world.truth };
    const fitted = await oracle.fit(on.training, {}, context);
    const cases = Array.from(on.test.labels, (_, n) => on.caseOf(n));
    const best = auc(on.test.labels, await fitted.answer(cases, context));
    expect(best).toBeGreaterThan(await value("item-rate"));
  });

  it("item-rate joins rates on the logit scale", async () => {
    const { users, items, labels } = protocol.training.rows;
    const rate = labels.reduce((a, b) => a + b) / labels.length;
    const part = (ids: Int32Array, id: number) => {
      const own = [...labels].filter((_, n) => ids[n] === id);
      return (own.reduce((a, b) => a + b, 0) + 10 * rate) / (own.length + 10);
    };
    const { user, item } = protocol.caseOf(3);
    const odds = (p: number) => p / (1 - p);
    const joined = (odds(part(users, user)) * odds(part(items, item))) / odds(rate);
    expect((await answersOf("item-rate", {}))[3]).toBeCloseTo(joined / (1 + joined), 6);
  });
});

describe("fieldsOf", () => {
  const { training } = protocol;
  const withAttributes = {
    ...training,
    users: {
      ...training.users,
      attributes: {
        age: Float64Array.from(training.users.keys, (_, u) => (u === 0 ? NaN : 20 + (u % 3))),
        job: training.users.keys.map((_, u) => (u === 1 ? "" : ["b", "a"][u % 2])),
        address: training.users.keys.map((key) => `street ${key}`),
      },
    },
    items: {
      ...training.items,
      attributes: { weight: Float64Array.from(training.items.keys, (_, i) => i * 1.5) },
    },
  };

  it("gives each field its rows, unknown values the first, and leaves out text that is nearly an id", () => {
    const fields = fieldsOf(withAttributes);
    expect(fields.names).toEqual(["user", "item", "user age", "user job", "item weight"]);
    expect(fields.offsets).toEqual([0, 61, 92, 96, 99]);
    expect(fields.rows).toBe(99 + 31);
    const rows = new Int32Array(5);
    fields.write({ user: 0, item: 29 }, rows, 0);
    expect([...rows]).toEqual([1, 61 + 30, 92, 96 + 2, 99 + 30]);
    fields.write({ user: 1, item: 0 }, rows, 0);
    expect([...rows]).toEqual([2, 62, 92 + 2, 96, 100]);
  });

  it("counts a user or item without training pairs as unknown", () => {
    const keep = (n: number) => training.rows.users[n] !== 5;
    const positions = Int32Array.from(training.rows.users.keys()).filter(keep);
    const rows = {
      ...training.rows,
      users: positions.map((n) => training.rows.users[n]),
      items: positions.map((n) => training.rows.items[n]),
    };
    const fields = fieldsOf({ ...training, rows });
    const into = new Int32Array(2);
    fields.write({ user: 5, item: 0 }, into, 0);
    expect(into[0]).toBe(0);
    expect(fields.offsets[1]).toBe(60);
  });

  it("fills batches up with unknown pairs", () => {
    const fields = fieldsOf(training);
    const history = { liked: Int32Array.of(3, 1), disliked: new Int32Array(0) };
    const batch = pairBatch(fields, [{ user: 2, item: 4, history }], 2, 3);
    expect([...batch.fields.data]).toEqual([3, 61 + 5, 0, 61]);
    expect([...batch.genres.data]).toEqual([0, 1, 0, 0, 0, 0]);
    expect([...batch.liked.data]).toEqual([65, 63, 0, 0, 0, 0]);
    expect([...batch.likedMask.data]).toEqual([1, 1, 0, 0, 0, 0]);
    expect([...batch.dislikedMask.data]).toEqual([0, 0, 0, 0, 0, 0]);
  });
});

describe("dropoutMasks", () => {
  it("drops the rate asked for and keeps the mean", () => {
    const { dropout0, dropout1 } = dropoutMasks([100, 3], 101, 0.25, Random.fromSeed(1));
    const zeros = dropout0.data.filter((value: number) => value === 0).length;
    expect(Math.abs(zeros / 10100 - 0.25)).toBeLessThan(0.02);
    expect(new Set(dropout0.data)).toEqual(new Set([0, Math.fround(256 / 192)]));
    expect(dropout1.data).toHaveLength(303);
    expect(dropoutMasks([4], 2, 0, Random.fromSeed(1))).toEqual({});
  });
});
