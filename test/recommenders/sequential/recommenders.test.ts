import { describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import type { ScoringFitted } from "../../../src/recommenders/sequential/scorer.js";
import { resolveOptions, selectRecommenders } from "../../../src/recommenders/registry.js";
import type { ControlledListCase, ControlledListTraining } from "../../../src/tasks/controlled-list.js";
import { makeSplit } from "../../../src/data/splits/strategies.js";
import { openWorld } from "../../../src/data/world/open.js";
import { prepareControlledList } from "../../../src/tasks/controlled-list-task.js";
import { contextOf } from "../support.js";
import { sequenceTraining } from "./support.js";

const { signal } = new AbortController();
const ITEMS = 24;

/** A ring: after item i comes i + 1 nine times in ten, else any; items 20 and up are in no sequence. */
function ring(): ControlledListTraining {
  const random = Random.fromSeed("ring");
  const sequences = Array.from({ length: 100 }, () => {
    let item = random.int(20);
    return Array.from(
      { length: 8 },
      () => (item = random.uniform() < 0.9 ? (item + 1) % 20 : random.int(20)),
    );
  });
  return sequenceTraining(sequences, { items: ITEMS, historyLength: 4, validation: true });
}

const train = ring();

async function fitted(id: string, options: Record<string, unknown> = {}, seed = 1): Promise<ScoringFitted> {
  const [recommender] = selectRecommenders("controlled-list", [id]);
  const made = await recommender.fit(train, resolveOptions(recommender, options), contextOf(id, seed));
  return made as ScoringFitted;
}

/** One case for each item of the ring: it was liked last, after the one before it. */
const cases: ControlledListCase[] = Array.from({ length: 20 }, (_, item) => {
  const history = Int32Array.of((item + 19) % 20, item);
  return { user: item, history, seen: history.slice().sort(), genres: null, length: 5, time: NaN };
});

const quick = { embedding: 16, batchSize: 64, learningRate: 0.01, epochs: 20, patience: 20 };
const brief = (options: Record<string, unknown>) => ({ ...options, epochs: 2 });
const LEARNERS: [string, Record<string, unknown>][] = [
  ["fpmc", quick],
  ["gru4rec", { ...quick, hidden: 16 }],
  ["caser", { ...quick, length: 3, horizontal: 4, vertical: 2 }],
  ["sasrec", { ...quick, inner: 32, dropout: 0.1 }],
];

describe.each(LEARNERS)("%s", (id, options) => {
  it("learns what follows what, and answers alike whatever the block", async () => {
    const one = await fitted(id, options);
    const lists = await one.answer(cases, contextOf(id));
    const right = lists.filter((list, item) => list[0] === (item + 1) % 20).length;
    expect(right).toBeGreaterThanOrEqual(13);
    for (const list of lists) expect(list).toHaveLength(5);
    lists.forEach((list, item) => {
      for (const seen of cases[item].seen) expect(list).not.toContain(seen);
    });

    const scores = await one.score(cases, signal);
    expect(scores).toHaveLength(cases.length * ITEMS);
    expect(scores.every(Number.isFinite)).toBe(true);
    // What nobody liked in training stands below all else.
    const row = [...scores.subarray(0, ITEMS)];
    expect(Math.max(...row.slice(20))).toBeLessThan(Math.min(...row.slice(0, 20)));
    expect([...(await one.score(cases.slice(7, 9), signal))]).toEqual([
      ...scores.subarray(7 * ITEMS, 9 * ITEMS),
    ]);
  }, 240_000);

  it("gives the same bytes twice", async () => {
    const [one, two] = [await fitted(id, brief(options)), await fitted(id, brief(options))];
    expect(await two.score(cases, signal)).toEqual(await one.score(cases, signal));
    const other = await fitted(id, brief(options), 2);
    expect(await other.score(cases, signal)).not.toEqual(await one.score(cases, signal));
  }, 240_000);

  it("answers users and histories that training has not", async () => {
    const one = await fitted(id, brief(options));
    const unknown = [
      { user: 5, history: Int32Array.of(22) },
      { user: 5, history: Int32Array.of(22, 3, 23) },
      { user: 5, history: Int32Array.of(3) },
    ];
    const scores = await one.score(unknown, signal);
    expect(scores.every(Number.isFinite)).toBe(true);
    // An item without training says nothing.
    expect(scores.slice(ITEMS, 2 * ITEMS)).toEqual(scores.slice(2 * ITEMS));
  }, 240_000);
});

describe("controls", () => {
  it("oracle is the ceiling on the embedded world, with as many genres as wished for", async () => {
    const world = openWorld({ size: "tiny" });
    const split = makeSplit(world, "windows", { history: 5, future: 3 });
    const task = { history: 5, future: 3, genres: [4], cases: 200 };
    const prepared = prepareControlledList(world, split, [10], task);
    const of = async (id: string) => {
      const [recommender] = selectRecommenders("controlled-list", [id]);
      const context = { ...contextOf(id), truth: world.truth };
      const made = await recommender.fit(prepared.training, resolveOptions(recommender), context);
      return prepared.evaluate((block) => made.answer(block, context), { ...context, label: id });
    };
    const [oracle, popularity] = [await of("oracle"), await of("popularity")];
    const mean = (values: Float64Array) => values.reduce((a, b) => a + b, 0) / values.length;
    expect(mean(oracle.values["ndcg@10"])).toBeGreaterThan(1.3 * mean(popularity.values["ndcg@10"]));
    expect(Math.max(...oracle.values["control-error@10/n=4"])).toBe(0);
    expect(mean(oracle.values["ndcg@10/n=4"])).toBeGreaterThan(mean(popularity.values["ndcg@10"]));
  });

  const listsOf = async (id: string, asked: readonly ControlledListCase[] = cases) =>
    (await fitted(id)).answer(asked, contextOf(id));

  it("random differs by history and not by block; popularity counts likes", async () => {
    const random = await listsOf("random");
    expect(await listsOf("random", cases.slice(3))).toEqual(random.slice(3));
    expect(new Set(random.map((list) => list.join())).size).toBe(20);
    const counts = new Array<number>(ITEMS).fill(0);
    for (const { items } of train.sequences) for (const item of items) counts[item]++;
    const expected = [...counts.keys()]
      .filter((item) => !cases[4].seen.includes(item))
      .sort((a, b) => counts[b] - counts[a] || a - b);
    expect([...(await listsOf("popularity"))[4]]).toEqual(expected.slice(0, 5));
  });

  it("popular-in-genre keeps to the history's genres, and gives as many as wished for", async () => {
    // Item 4 has the genre 1 (as 7, 10, ...): a history of it alone speaks for that genre.
    const history = Int32Array.of(4, 7, 10);
    const one = { user: 0, history, seen: history, length: 5, time: NaN };
    const asked = [null, 1, 2, 3].map((genres) => ({ ...one, genres }));
    const lists = await listsOf("popular-in-genre", asked);
    const genresOf = (list: Int32Array) => new Set(Array.from(list, (item) => item % 3));
    expect(lists.slice(1).map((list) => genresOf(list).size)).toEqual([1, 2, 3]);
    expect(genresOf(lists[1])).toEqual(new Set([1]));
    expect(lists.map((list) => list.length)).toEqual([5, 5, 5, 5]);
    for (const list of lists) for (const item of history) expect(list).not.toContain(item);
    const score = await (await fitted("popular-in-genre")).score([one], signal);
    const likes = (of: (item: number) => boolean) =>
      train.sequences.reduce((sum, { items }) => sum + items.filter(of).length, 0);
    const total = likes(() => true);
    const inGenre = likes((item) => item % 3 === 1);
    const expected = ((inGenre / total + 3) * likes((item) => item === 13)) / inGenre;
    expect(score[13]).toBeCloseTo(expected, 4);
  });
});
