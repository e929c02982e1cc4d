import { Pace } from "../../core/pace.js";
import { Random } from "../../core/random.js";
import { categoryDistance, type ItemSets } from "../../metrics/lists/diversity.js";
import {
  type ControlledListCase,
  type ControlledListTraining,
  controlGenres,
  genresAt,
  type GenreWish,
  wishSize,
} from "../../tasks/controlled-list.js";
import type { Fitted, Recommender } from "../recommender.js";
import type { ScoringFitted } from "../sequential/scorer.js";
import { calibratedList } from "./calibrated.js";
import { dppList } from "./dpp.js";
import { mmrList } from "./mmr.js";
import { nearestQuota } from "./nearest-quota.js";
import { headOf } from "./pool.js";
import { steeredList } from "./steer.js";
import { wantedGenres } from "./wanted-genres.js";
import { xquadList } from "./xquad.js";

/** The ways to make a list of N genres from any scores. */
export const RERANKERS = ["quota", "mmr", "dpp", "xquad", "calibrated"] as const;
export type Reranker = (typeof RERANKERS)[number];

const TITLES: Readonly<Record<Reranker, string>> = {
  quota: "the best list with exactly N genres",
  mmr: "maximal marginal relevance (Carbonell, Goldstein, SIGIR 1998)",
  dpp: "greedy determinantal point process (Chen, Zhang, Zhou, NeurIPS 2018)",
  xquad: "xQuAD (Santos, Macdonald, Ounis, WWW 2010)",
  calibrated: "calibrated recommendations (Steck, RecSys 2018)",
};

/** Items that the greedy re-rankers look at: the best of all, and the best of each genre. */
const HEAD = { size: 100, perGenre: 3 };

/** A re-ranker on some data: a case's list of the wished genres from the scores of all items. */
type Rerank = (scores: Float32Array, one: ControlledListCase, wish: GenreWish) => Int32Array;

/**
 * A recommender's scores, re-ranked wherever genres are asked for: so many, or exactly a set of them, which a greedy re-ranker then chooses from
 * alone. Without a wish the list is the recommender's own. Its options are the recommender's, and its fitted stages are shared with it. No group has
 * it: a run names it.
 * @param base - a recommender that scores items.
 */
export function reranked<O>(
  base: Recommender<"controlled-list", O>,
  reranker: Reranker,
): Recommender<"controlled-list", O> {
  return {
    ...base,
    id: `${base.id}-${reranker}`,
    kind: "classic",
    onRequest: true,
    summary: `Scores of ${base.id}, re-ranked for N genres: ${TITLES[reranker]}.`,
    async fit(train, options, context) {
      // The same random numbers as the recommender alone, whoever is fitted first.
      const random = Random.fromSeed(context.seed).fork(base.id);
      const fitted = scoring(base.id, await base.fit(train, options, { ...context, random }));
      const rerank = rerankerOf(reranker, train);
      const width = train.items.keys.length;
      return {
        async answer(cases, run) {
          const free = cases.filter(({ genres }) => genres === null);
          const own = free.length === 0 ? [] : await fitted.answer(free, { ...run, random });
          if (free.length === cases.length) return own;
          const scores = await fitted.score(cases, run.signal);
          const pace = new Pace(run.signal);
          const lists: Int32Array[] = [];
          let unasked = 0;
          for (const [row, one] of cases.entries()) {
            if (one.genres === null) lists.push(own[unasked++]);
            else lists.push(rerank(scores.subarray(row * width, (row + 1) * width), one, one.genres));
            if (pace.due()) await pace.breathe();
          }
          return lists;
        },
      };
    },
  };
}

/** A recommender under every re-ranker. */
export function allReranked<O>(
  base: Recommender<"controlled-list", O>,
): readonly Recommender<"controlled-list", O>[] {
  return RERANKERS.map((reranker) => reranked(base, reranker));
}

function scoring(id: string, fitted: Fitted<"controlled-list">): ScoringFitted {
  if ("score" in fitted) return fitted as ScoringFitted;
  throw new TypeError(`${id} has no scores to re-rank`);
}

/** A re-ranker on the genres that lists are counted by. */
function rerankerOf(reranker: Reranker, train: ControlledListTraining): Rerank {
  if (reranker === "quota") return nearestQuota(train);
  const { items, mainGenres, sequences } = train;
  const genreCount = items.categoryNames.length;
  const sets = controlGenres(train);
  const outside = outsideOf(sets, items.keys.length);
  const distance = categoryDistance(sets);
  const general = sharesOf(
    sequences.flatMap((sequence) => Array.from(sequence.items)),
    sets,
    genreCount,
  );
  return (scores, { seen, history, length }, wish) => {
    const excluded = typeof wish === "number" ? seen : bothOf(seen, outside(wish));
    const head = headOf(scores, excluded, mainGenres, HEAD);
    const wanted = wantedGenres(countsOf(history, sets, genreCount), general, wish, length);
    const list = (diversity: number) => {
      switch (reranker) {
        case "mmr":
          return mmrList(head, length, diversity, distance);
        case "dpp":
          return dppList(head, length, diversity, distance);
        case "xquad":
          return xquadList(head, length, diversity, sets, wanted);
        case "calibrated":
          return calibratedList(head, length, diversity, sets, wanted);
      }
    };
    return steeredList(list, wishSize(wish), sets, genreCount);
  };
}

/** The items with a genre outside of a set, ascending; found once a set. */
function outsideOf(sets: ItemSets, items: number): (wish: ReadonlySet<number>) => Int32Array {
  const known = new WeakMap<ReadonlySet<number>, Int32Array>();
  return (wish) => {
    const found =
      known.get(wish) ??
      Int32Array.from({ length: items }, (_, item) => item).filter((item) =>
        genresAt(sets, item).some((genre) => !wish.has(genre)),
      );
    known.set(wish, found);
    return found;
  };
}

/** The items of two ascending lists, ascending. */
function bothOf(a: Int32Array, b: Int32Array): Int32Array {
  return Int32Array.from(new Set([...a, ...b])).sort();
}

function countsOf(items: ArrayLike<number>, sets: ItemSets, genreCount: number): Float64Array {
  const counts = new Float64Array(genreCount);
  for (const item of Array.from(items)) for (const genre of genresAt(sets, item)) counts[genre]++;
  return counts;
}

function sharesOf(items: readonly number[], sets: ItemSets, genreCount: number): Float64Array {
  const counts = countsOf(items, sets, genreCount);
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => (total === 0 ? 1 / genreCount : count / total));
}
