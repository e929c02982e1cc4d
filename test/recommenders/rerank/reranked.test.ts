import { describe, expect, it } from "vitest";
import { popularInGenre, popularityList } from "../../../src/recommenders/sequential/controls.js";
import { markov } from "../../../src/recommenders/sequential/markov.js";
import { RERANKERS, reranked } from "../../../src/recommenders/rerank/reranked.js";
import type { Recommender } from "../../../src/recommenders/recommender.js";
import { resolveOptions } from "../../../src/recommenders/registry.js";
import type {
  ControlledListCase,
  ControlledListTraining,
  GenreWish,
} from "../../../src/tasks/controlled-list.js";
import { contextOf } from "../support.js";
import { sequenceTraining } from "../sequential/support.js";
import { setsOf } from "./support.js";

/** Items 0 to 8, item i of genre i mod 3; genre 0 is the most popular, then 1, then 2. */
const train = sequenceTraining(
  [
    [0, 3, 6, 1],
    [0, 3, 6, 1],
    [3, 0, 6, 4],
    [0, 3, 1, 2],
  ],
  { items: 9, historyLength: 2 },
);

const caseOf = (genres: GenreWish | null, history = [6], length = 3): ControlledListCase => ({
  ...{ user: 0, genres, length, time: NaN },
  history: Int32Array.from(history),
  seen: Int32Array.from(history).sort(),
});

async function answer<O>(
  recommender: Recommender<"controlled-list", O>,
  cases: readonly ControlledListCase[],
  given: Record<string, unknown> = {},
  data: ControlledListTraining = train,
): Promise<number[][]> {
  const context = contextOf(recommender.id);
  const fitted = await recommender.fit(data, resolveOptions(recommender, given), context);
  return (await fitted.answer(cases, context)).map((list) => [...list]);
}

const genresOf = (list: readonly number[]) => new Set(list.map((item) => item % 3)).size;

describe.each(RERANKERS)("%s", (reranker) => {
  const recommender = reranked(popularityList, reranker);

  it("is the recommender's own list without a wish, and keeps to a wish that can be had", async () => {
    const [own] = await answer(popularityList, [caseOf(null)]);
    const lists = await answer(recommender, [
      caseOf(null),
      caseOf(1, [6], 2),
      caseOf(2),
      caseOf(null),
      caseOf(3),
    ]);
    expect(lists.map(genresOf)).toEqual([genresOf(own), 1, 2, genresOf(own), 3]);
    expect([lists[0], lists[3]]).toEqual([own, own]);
    for (const list of lists) expect(list).not.toContain(6);
  });

  it("comes as near as can be to a wish that can't be had", async () => {
    const [three, short] = await answer(recommender, [caseOf(9), caseOf(2, [0, 1, 2, 3, 4, 5, 6], 3)]);
    expect(genresOf(three)).toBe(3);
    expect([...short].sort()).toEqual([7, 8]);
  });
});

describe.each(RERANKERS)("%s on an exact set", (reranker) => {
  const recommender = reranked(popularityList, reranker);
  const setOf = (list: readonly number[]) => [...new Set(list.map((item) => item % 3))].sort();

  it("has those genres and no other", async () => {
    const wishes = [[2], [1, 2], [0, 2], [0, 1, 2]].map((genres) => new Set(genres));
    const lists = await answer(
      recommender,
      wishes.map((wish) => caseOf(wish, [6], 3)),
    );
    // Genre 2 has three films: all of them, though nobody likes two.
    expect([...lists[0]].sort()).toEqual([2, 5, 8]);
    expect(lists.map(setOf)).toEqual([[2], [1, 2], [0, 2], [0, 1, 2]]);
  });

  it("names what is left of a set that can't fill the list, and nothing else", async () => {
    const [list] = await answer(recommender, [caseOf(new Set([1, 2]), [1, 2, 4, 7], 4)]);
    expect([...list].sort()).toEqual([5, 8]);
  });
});

describe("items of several genres", () => {
  // Item i has the genre i mod 3, and items 0 to 2 all others, too: one of them alone brings three.
  const genres = Array.from({ length: 9 }, (_, item) => (item < 3 ? [0, 1, 2] : [item % 3]));
  const several = { ...train, allGenres: setsOf(genres) };
  const countOf = (list: readonly number[]) => new Set(list.flatMap((item) => genres[item])).size;

  it.each(RERANKERS)("are counted with all of theirs by %s", async (reranker) => {
    const recommender = reranked(popularityList, reranker);
    const [three] = await answer(recommender, [caseOf(3, [6], 3)], {}, several);
    expect(countOf(three)).toBe(3);
    const [set] = await answer(recommender, [caseOf(new Set([0, 1]), [6], 3)], {}, several);
    // 3 is the only other film of genre 0, and 0 to 2 have the third genre as well.
    expect([...set].sort()).toEqual([3, 4, 7]);
  });

  it("get the best list of exactly N from the quota", async () => {
    const recommender = reranked(popularityList, "quota");
    // Likes: 0 and 3 four times, 6 three times, 1 twice or thrice, 4 once, 2 once.
    expect(await answer(recommender, [caseOf(3, [7], 2)], {}, several)).toEqual([[0, 3]]);
    expect(await answer(recommender, [caseOf(1, [7], 2)], {}, several)).toEqual([[3, 6]]);
    expect(await answer(recommender, [caseOf(2, [7], 2)], {}, several)).toEqual([[3, 4]]);
    const [own] = await answer(popularInGenre, [caseOf(1, [7], 2)], {}, several);
    expect(countOf(own)).toBe(1);
  });

  it("are refused where there are more genres than sets of them can be looked through", async () => {
    const categoryNames = Array.from({ length: 31 }, (_, n) => `g${n}`);
    const many = { ...several, items: { ...several.items, categoryNames } };
    await expect(answer(reranked(popularityList, "quota"), [caseOf(1)], {}, many)).rejects.toMatchObject({
      code: "MANY_GENRES",
    });
  });
});

describe("a re-ranked recommender", () => {
  it("is named after both, and has the options of the one that scores", async () => {
    const recommender = reranked(popularInGenre, "quota");
    expect(recommender.id).toBe("popular-in-genre-quota");
    expect(resolveOptions(recommender)).toEqual(resolveOptions(popularInGenre));
    // The two commonest genres of the history, 2 and 1, would give item 4 or 7; the best sum takes genre 0.
    const [list] = await answer(reranked(popularityList, "quota"), [caseOf(2, [2, 5, 7])]);
    expect(list).toEqual([0, 3, 1]);
  });

  it("refuses a recommender without scores", async () => {
    const mute: typeof popularityList = {
      ...popularityList,
      fit: () => Promise.resolve({ answer: () => Promise.resolve([]) }),
    };
    await expect(answer(reranked(mute, "quota"), [caseOf(1)])).rejects.toThrow("popularity has no scores");
  });
});

describe("Markov counts", () => {
  it("score what followed within reach, smoothed by popularity, the newest item most", async () => {
    const data = sequenceTraining(
      [
        [0, 1, 2],
        [0, 2, 3],
      ],
      { items: 5, historyLength: 2 },
    );
    const context = contextOf(markov.id);
    const options = resolveOptions(markov, { reach: 1, decay: 0.5, shrink: 2 });
    const fitted = await markov.fit(data, options, context);
    const scores = await (
      fitted as unknown as { score: (q: unknown, s: AbortSignal) => Promise<Float32Array> }
    ).score([{ user: 0, history: Int32Array.of(0, 2) }], context.signal);
    // After 0 came 1 and 2 (n = 2), after 2 came 3 (n = 1). Shares: 2, 1, 2, 1, 0 of 6. Item 0 is one older: half.
    const after0 = (count: number, share: number) => (count + 2 * (share / 6)) / 4 / 2;
    const after2 = (count: number, share: number) => (count + 2 * (share / 6)) / 3;
    const expected = [
      after0(0, 2) + after2(0, 2),
      after0(1, 1) + after2(0, 1),
      after0(1, 2) + after2(0, 2),
      after0(0, 1) + after2(1, 1),
      0,
    ];
    expected.forEach((value, item) => {
      expect(scores[item]).toBeCloseTo(value, 6);
    });
  });

  it("falls back to popularity for a history of unknown items", async () => {
    expect(await answer(markov, [caseOf(null, [8], 4)])).toEqual(
      await answer(popularityList, [caseOf(null, [8], 4)]),
    );
  });
});
