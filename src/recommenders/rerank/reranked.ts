import { Pace } from "../../core/pace.js";
import { Random } from "../../core/random.js";
import { categoryDistance, type ItemSets } from "../../metrics/lists/diversity.js";
import type { ControlledListCase, ControlledListTraining } from "../../tasks/controlled-list.js";
import type { Fitted, Recommender } from "../recommender.js";
import type { ScoringFitted } from "../sequential/scorer.js";
import { calibratedList } from "./calibrated.js";
import { dppList } from "./dpp.js";
import { mmrList } from "./mmr.js";
import { headOf } from "./pool.js";
import { quotaList } from "./quota.js";
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

/** A re-ranker on some data: a case's list of N genres from the scores of all items. */
type Rerank = (scores: Float32Array, one: ControlledListCase, genres: number) => Int32Array;

/**
 * A recommender's scores, re-ranked wherever a number of genres is asked for; without a wish the list is the
 * recommender's own. Its options are the recommender's, and its fitted stages are shared with it. No group has
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

/** A re-ranker on the first genres of training data's items. */
function rerankerOf(
  reranker: Reranker,
  { items, mainGenres, sequences }: Pick<ControlledListTraining, "items" | "mainGenres" | "sequences">,
): Rerank {
  const genreCount = items.categoryNames.length;
  if (reranker === "quota") {
    return (scores, one, genres) => nearestQuota(scores, mainGenres, genreCount, one, genres);
  }
  const sets = mainSets(mainGenres);
  const distance = categoryDistance(sets);
  const general = sharesOf(
    sequences.flatMap((sequence) => Array.from(sequence.items)),
    mainGenres,
    genreCount,
  );
  return (scores, { seen, history, length }, genres) => {
    const head = headOf(scores, seen, mainGenres, HEAD);
    const wanted = wantedGenres(countsOf(history, mainGenres, genreCount), general, genres, length);
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
    return steeredList(list, genres, sets, genreCount);
  };
}

/** The quota's list; where none has N genres, the one of the nearest number (the lower of two equally near). */
function nearestQuota(
  scores: Float32Array,
  mainGenres: Int32Array,
  genreCount: number,
  { seen, length }: ControlledListCase,
  genres: number,
): Int32Array {
  // No list takes more than `length` items of a genre, and of those the best: the quota stays exact.
  const pool = headOf(scores, seen, mainGenres, { size: length, perGenre: length });
  const most = Math.max(genreCount, genres);
  for (let off = 0; off <= most; off++) {
    for (const count of off === 0 ? [genres] : [genres - off, genres + off]) {
      if (count < 0 || count > genreCount) continue;
      const list = quotaList(pool, mainGenres, count, length);
      if (list !== undefined) return list;
    }
  }
  // Fewer candidates than places: all of them.
  return pool.items.slice(0, length);
}

function mainSets(mainGenres: Int32Array): ItemSets {
  const offsets = new Int32Array(mainGenres.length + 1);
  mainGenres.forEach((genre, item) => (offsets[item + 1] = offsets[item] + (genre < 0 ? 0 : 1)));
  return { offsets, indices: mainGenres.filter((genre) => genre >= 0) };
}

function countsOf(items: ArrayLike<number>, mainGenres: Int32Array, genreCount: number): Float64Array {
  const counts = new Float64Array(genreCount);
  for (const item of Array.from(items)) if (mainGenres[item] >= 0) counts[mainGenres[item]]++;
  return counts;
}

function sharesOf(items: readonly number[], mainGenres: Int32Array, genreCount: number): Float64Array {
  const counts = countsOf(items, mainGenres, genreCount);
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => (total === 0 ? 1 / genreCount : count / total));
}
