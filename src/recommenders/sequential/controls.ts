import { z } from "zod";
import { Pace } from "../../core/pace.js";
import { monthOf } from "../../data/world/histories.js";
import type { WorldTruth } from "../../data/world/truth.js";
import type { ControlledListCase, ControlledListTraining } from "../../tasks/controlled-list.js";
import type { Recommender, RunContext } from "../recommender.js";
import { bestAttainable } from "../rerank/best-attainable.js";
import { listOfWish, nearestQuota } from "../rerank/nearest-quota.js";
import { poolOf } from "../rerank/pool.js";
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
 * for most (or those that are wished), the best item of each, and fills up with the best items of them all. Where all genres of an item count,
 * a wish gets the best list of the scores that has it.
 */
export const popularInGenre: Recommender<"controlled-list", z.infer<typeof smoothing>> = {
  id: "popular-in-genre",
  task: "controlled-list",
  kind: "classic",
  summary: "The most popular items of the history's genres; a wish for N genres takes its N commonest.",
  options: smoothing,
  seeded: false,
  fit(train, { pseudoCount }) {
    const { mainGenres, items, allGenres } = train;
    const steered = allGenres === undefined ? undefined : nearestQuota(train);
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
          if (steered !== undefined) return steered(own, one, one.genres);
          const genres =
            typeof one.genres === "number"
              ? bestGenres(preferenceOf(one.history), one.genres)
              : [...one.genres];
          return ofGenres(own, mainGenres, genres, one);
        });
      },
    });
  },
};

/**
 * How often each item is expected among the next likes, by the true model that drew the data: the chain of liked genres
 * from the last one on, and within a genre what the user would see and like in the month of the history's end. Exact but
 * for what changes during those likes (films come out, and a film that is seen is not seen again). A wish for N genres gets the list
 * of N genres with the most expected likes.
 */
export const oracleList: Recommender<"controlled-list", None> = {
  id: "oracle",
  task: "controlled-list",
  kind: "control",
  summary: "Ranks by the true model that drew the data: the ceiling (embedded world only).",
  options: none,
  seeded: false,
  needsTruth: true,
  fit(train, _options, { truth }) {
    if (truth === undefined) throw new Error("oracle: no truth");
    const { mainGenres, futureLength } = train;
    const listOf = listOfWish(train);
    const known = new Map<string, Float32Array>();
    const scoresOf = ({ user, history, time }: ControlledListCase): Float32Array => {
      const last = mainGenres[history[history.length - 1]];
      const month = monthOf(time);
      const key = `${user}/${month}/${last}`;
      const row = known.get(key) ?? expectedLikes(truth, user, month, last, mainGenres, futureLength);
      known.set(key, row);
      return row;
    };
    return Promise.resolve({
      async answer(cases, { signal }) {
        const pace = new Pace(signal);
        const lists: Int32Array[] = [];
        for (const one of cases) {
          const pool = poolOf(scoresOf(one), new Set(one.seen));
          const steered = one.genres === null ? undefined : listOf(pool, one.genres, one.length);
          lists.push(steered ?? pool.items.slice(0, one.length));
          if (pace.due()) await pace.breathe();
        }
        return lists;
      },
    });
  },
};

/**
 * The best that any list can score: it is told the targets themselves, and lists the most of them that a list of the wished genres can hold, in
 * front. It needs no world: on any data it shows what keeping to a wish costs at least.
 */
export const bestAttainableList: Recommender<"controlled-list", None> = {
  id: "best-attainable",
  task: "controlled-list",
  kind: "control",
  summary:
    "The most targets that a list of the wished genres can hold: the ceiling that is told the answers.",
  options: none,
  seeded: false,
  seesTargets: true,
  onRequest: true,
  fit(train, _options, { targets }) {
    if (targets === undefined) throw new Error("best-attainable: no targets");
    const best = bestAttainable(train);
    return Promise.resolve({
      async answer(cases, { signal }) {
        const pace = new Pace(signal);
        const lists: Int32Array[] = [];
        for (const one of cases) {
          lists.push(best(targets(one), one.seen, one.genres, one.length));
          if (pace.due()) await pace.breathe();
        }
        return lists;
      },
    });
  },
};

/** Expected number of likes of each item among the next `count` likes, [items]. */
function expectedLikes(
  truth: WorldTruth,
  user: number,
  month: number,
  last: number,
  mainGenres: Int32Array,
  count: number,
): Float32Array {
  const chain = truth.likedGenreChain(user, month);
  const expected = new Float64Array(chain.length);
  let state = Float64Array.from(chain, (_, genre) => (genre === last ? 1 : 0));
  for (let step = 0; step < count; step++) {
    const next = new Float64Array(chain.length);
    state.forEach((share, from) => {
      chain[from].forEach((p, to) => (next[to] += share * p));
    });
    next.forEach((share, genre) => (expected[genre] += share));
    state = next;
  }
  const like = truth.likeProbabilities(user);
  const weights = truth.exposures(user, month, month + 1).map((seen, item) => seen * like[item]);
  const inGenre = new Float64Array(chain.length);
  weights.forEach((weight, item) => (inGenre[mainGenres[item]] += weight));
  return weights.map((weight, item) => {
    const genre = mainGenres[item];
    return inGenre[genre] === 0 ? 0 : (expected[genre] * weight) / inGenre[genre];
  });
}

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
