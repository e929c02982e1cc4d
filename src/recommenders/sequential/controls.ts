import { z } from "zod";
import type { ControlledListCase, ControlledListTraining } from "../../tasks/controlled-list.js";
import type { Recommender, RunContext } from "../recommender.js";
import { listsOfBest, scoreRows, type SequenceQuery } from "./scorer.js";

const none = z.strictObject({});
type None = z.infer<typeof none>;

/** A uniform score for each item, from the seed, the user and the history alone. */
export const randomList: Recommender<"controlled-list", None> = {
  id: "random",
  task: "controlled-list",
  kind: "control",
  summary: "Items drawn uniformly at random: the floor.",
  options: none,
  seeded: true,
  fit({ items }, _options, { random }) {
    const root = random.fork("scores");
    const fill = ({ user, history }: SequenceQuery, row: Float32Array) => {
      const draws = root.fork(`${user}/${history.join(",")}`);
      for (let item = 0; item < row.length; item++) row[item] = draws.uint32() / 4294967296;
    };
    return Promise.resolve(listsOfBest(items.keys.length, scoreRows(items.keys.length, fill)));
  },
};

/** The same scores for everyone: how often each item was liked in training. */
export const popularityList: Recommender<"controlled-list", None> = {
  id: "popularity",
  task: "controlled-list",
  kind: "control",
  summary: "Number of training likes of each item, the same for everyone.",
  options: none,
  seeded: false,
  fit(train) {
    const counts = likesOf(train);
    const fill = (_query: SequenceQuery, row: Float32Array) => {
      row.set(counts);
    };
    return Promise.resolve(listsOfBest(counts.length, scoreRows(counts.length, fill)));
  },
};

const smoothing = z.strictObject({
  /** Likes of training's shares of genres that are added to the history's. */
  pseudoCount: z.number().positive().default(1),
});

/**
 * P(genre | history) P(item | genre): the share of the item's first genre in the history, smoothed by its share in training,
 * times the item's share of the genre's training likes. A wish for N genres takes the N genres that the history speaks
 * for most, the best item of each, and fills up with the best items of them all.
 */
export const popularInGenre: Recommender<"controlled-list", z.infer<typeof smoothing>> = {
  id: "popular-in-genre",
  task: "controlled-list",
  kind: "classic",
  summary: "The most popular items of the history's genres; a wish for N genres takes its N commonest.",
  options: smoothing,
  seeded: false,
  fit(train, { pseudoCount }) {
    const { mainGenres, items } = train;
    const counts = likesOf(train);
    const inGenre = new Float64Array(items.categoryNames.length);
    counts.forEach((count, item) => {
      if (mainGenres[item] >= 0) inGenre[mainGenres[item]] += count;
    });
    const total = inGenre.reduce((sum, count) => sum + count, 0);
    const preferenceOf = (history: Int32Array): Float64Array => {
      const weights = inGenre.map((count) => (pseudoCount * count) / total);
      for (const item of history) if (mainGenres[item] >= 0) weights[mainGenres[item]]++;
      return weights;
    };
    const fill = ({ history }: SequenceQuery, row: Float32Array) => {
      const preference = preferenceOf(history);
      mainGenres.forEach((genre, item) => {
        row[item] =
          genre < 0 || inGenre[genre] === 0 ? 0 : (preference[genre] * counts[item]) / inGenre[genre];
      });
    };
    const fitted = listsOfBest(items.keys.length, scoreRows(items.keys.length, fill));
    return Promise.resolve({
      ...fitted,
      async answer(cases: readonly ControlledListCase[], context: RunContext) {
        const free = await fitted.answer(cases, context);
        if (cases.every(({ genres }) => genres === null)) return free;
        const scores = await fitted.score(cases, context.signal);
        return cases.map((one, row) => {
          if (one.genres === null) return free[row];
          const own = scores.subarray(row * counts.length, (row + 1) * counts.length);
          return ofGenres(own, mainGenres, bestGenres(preferenceOf(one.history), one.genres), one);
        });
      },
    });
  },
};

/** Training likes of each item. */
export function likesOf({ sequences, items }: ControlledListTraining): Float32Array {
  const counts = new Float32Array(items.keys.length);
  for (const sequence of sequences) for (const item of sequence.items) counts[item]++;
  return counts;
}

/** The genres of the largest weights. */
function bestGenres(weights: Float64Array, count: number): number[] {
  return Array.from(weights.keys())
    .sort((a, b) => weights[b] - weights[a] || a - b)
    .slice(0, count);
}

/** The best item of each genre, then the best of all of them, in the order of scores. */
function ofGenres(
  scores: Float32Array,
  mainGenres: Int32Array,
  genres: readonly number[],
  { seen, length }: ControlledListCase,
): Int32Array {
  const known = new Set(seen);
  const ranked = Array.from(scores.keys())
    .filter((item) => genres.includes(mainGenres[item]) && !known.has(item))
    .sort((a, b) => scores[b] - scores[a] || a - b);
  const first = new Map<number, number>();
  for (const item of ranked) if (!first.has(mainGenres[item])) first.set(mainGenres[item], item);
  const chosen = new Set([...first.values()].slice(0, length));
  for (const item of ranked) if (chosen.size < length) chosen.add(item);
  return Int32Array.from(ranked.filter((item) => chosen.has(item)));
}
