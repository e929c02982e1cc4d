import { dlcrecHitRate, dlcrecNdcg } from "../../metrics/compat/dlcrec.js";
import { controlError } from "../../metrics/lists/control.js";
import type { RunContext } from "../../recommenders/recommender.js";
import type { Window } from "../../tasks/windows.js";
import type { TunedPipeline } from "./dlcrec.js";
import type { ListQuery } from "./pipeline.js";
import { genresByCount } from "./samples.js";

/** Means over windows of what one stage does with what it is given. */
export interface StageScores {
  /** GP: |different genres - genres asked for|; GF: |different genres of the places - of the set|. */
  readonly gpError: number;
  readonly gfError: number;
  /** Share of the true genres that GP names. */
  readonly gpRecall: number;
  /** Places that GF and the truth have in common as multisets of genres / places (the paper's RECALL_LIST). */
  readonly gfRecall: number;
  /** Places whose film has the genre that IP was told. */
  readonly ipMatch: number;
  readonly ndcg: number;
  readonly hr: number;
}

/** How errors add up along the chain: the paper's comparison of separate and combined stages. */
export interface SeparateAndChained {
  /** Each stage is given the truth: the true number, the true genres, the true places. */
  readonly separate: StageScores;
  /** Each stage is given what the one before it made of the true number. */
  readonly chained: StageScores;
  readonly windows: number;
}

/** Runs DLCRec's three stages on windows whose future is known, apart and chained, with the true number of genres as wish. */
export async function separateAndChained(
  { pipeline, adapters }: TunedPipeline,
  windows: readonly Window[],
  context: RunContext,
): Promise<SeparateAndChained> {
  const { mainGenres } = pipeline.prompter.names;
  const truth = windows.map(({ future }) => Array.from(future, (item) => mainGenres[item]));
  const sets = truth.map(genresByCount);
  const asked = windows.map(({ history, past, future }, n): ListQuery => ({
    ...{ history, length: future.length, count: sets[n].length },
    seen: Int32Array.from(new Set(past)).sort(),
  }));
  const listsFor = async (queries: readonly ListQuery[]) => {
    const written = await pipeline.write("ip", queries, adapters.ip, context);
    return (await pipeline.ground(queries, written.values, context)).lists;
  };
  const named = (await pipeline.genres(asked, adapters.gp, context)).values;
  const withTrue = asked.map((query, n) => ({ ...query, genres: sets[n] }));
  const withNamed = asked.map((query, n) => ({ ...query, genres: named[n] }));
  const ofTrue = (await pipeline.slots(withTrue, adapters.gf, context)).values;
  const ofNamed = (await pipeline.slots(withNamed, adapters.gf, context)).values;
  const truePlaces = withTrue.map((query, n) => ({ ...query, slots: truth[n] }));
  const ownPlaces = withNamed.map((query, n) => ({ ...query, slots: ofNamed[n] }));
  const scoresOf = async (
    sources: readonly (readonly number[])[],
    slots: readonly (readonly number[])[],
    queries: readonly (ListQuery & { readonly slots: readonly number[] })[],
  ): Promise<StageScores> => {
    const lists = await listsFor(queries);
    const mean = (value: (n: number) => number) =>
      windows.reduce((sum, _window, n) => sum + value(n), 0) / windows.length;
    const targets = windows.map(({ future }) => new Set(future));
    return {
      gpError: mean((n) => controlError(sets[n].length, named[n].length)),
      gfError: mean((n) => controlError(sources[n].length, new Set(slots[n]).size)),
      gpRecall: mean((n) => sets[n].filter((genre) => named[n].includes(genre)).length / sets[n].length),
      gfRecall: mean((n) => sharedPlaces(slots[n], truth[n]) / truth[n].length),
      ipMatch: mean((n) => {
        const found = Array.from(lists[n], (item) => (item < 0 ? -1 : mainGenres[item]));
        const { slots: told } = queries[n];
        return told.filter((genre, place) => genre >= 0 && genre === found[place]).length / told.length;
      }),
      ndcg: mean((n) => dlcrecNdcg(lists[n], targets[n], windows[n].future.length)),
      hr: mean((n) => dlcrecHitRate(lists[n], targets[n], windows[n].future.length)),
    };
  };
  return {
    separate: await scoresOf(sets, ofTrue, truePlaces),
    chained: await scoresOf(named, ofNamed, ownPlaces),
    windows: windows.length,
  };
}

function sharedPlaces(a: readonly number[], b: readonly number[]): number {
  const count = (list: readonly number[], genre: number) => list.filter((one) => one === genre).length;
  return [...new Set(a)].reduce((sum, genre) => sum + Math.min(count(a, genre), count(b, genre)), 0);
}
