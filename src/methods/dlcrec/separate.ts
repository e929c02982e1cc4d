import { dlcrecHitRate, dlcrecNdcg } from "../../metrics/compat/dlcrec.js";
import { controlError, slotError } from "../../metrics/lists/control.js";
import type { RunContext } from "../../recommenders/recommender.js";
import type { Window } from "../../tasks/windows.js";
import type { TunedPipeline } from "./dlcrec.js";
import type { ListQuery } from "./pipeline.js";
import { genresByCount } from "./samples.js";

/** Means over windows of what one stage does with what it is given. */
export interface StageScores {
  /** GP: |different genres - genres asked for|; GF: {@link slotError}. What could not be read counts as not obeyed. */
  readonly gpError: number;
  readonly gfError: number;
  /** Share of the true genres that GP names. */
  readonly gpRecall: number;
  /** Places that GF and the truth have in common as multisets of genres / places (the paper's RECALL_LIST). */
  readonly gfRecall: number;
  /** Places whose film has the genre that GF gave the place. */
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
  const named = await pipeline.genres(asked, adapters.gp, context);
  const withTrue = asked.map((query, n) => ({ ...query, genres: sets[n] }));
  const withNamed = asked.map((query, n) => ({ ...query, genres: named.values[n] }));
  const ofTrue = await pipeline.slots(withTrue, adapters.gf, context);
  const ofNamed = await pipeline.slots(withNamed, adapters.gf, context);
  const truePlaces = withTrue.map((query, n) => ({ ...query, slots: truth[n] }));
  const ownPlaces = withNamed.map((query, n) => ({ ...query, slots: ofNamed.values[n] }));
  const scoresOf = async (
    sources: readonly (readonly number[])[],
    slots: readonly (readonly number[])[],
    queries: readonly ListQuery[],
    planned: readonly (readonly number[])[],
  ): Promise<StageScores> => {
    const lists = await listsFor(queries);
    const mean = (value: (n: number) => number) =>
      windows.reduce((sum, _window, n) => sum + value(n), 0) / windows.length;
    const targets = windows.map(({ future }) => new Set(future));
    return {
      gpError: mean((n) => controlError(sets[n].length, named.raw[n].length)),
      gfError: mean((n) => slotError(sources[n], slots[n], queries[n].genres!.length)),
      gpRecall: mean((n) => sets[n].filter((genre) => named.raw[n].includes(genre)).length / sets[n].length),
      gfRecall: mean((n) => sharedPlaces(slots[n], truth[n]) / truth[n].length),
      ipMatch: mean((n) => {
        const found = Array.from(lists[n], (item) => (item < 0 ? -1 : mainGenres[item]));
        const places = planned[n];
        return places.filter((genre, place) => genre >= 0 && genre === found[place]).length / places.length;
      }),
      ndcg: mean((n) => dlcrecNdcg(lists[n], targets[n], windows[n].future.length)),
      hr: mean((n) => dlcrecHitRate(lists[n], targets[n], windows[n].future.length)),
    };
  };
  return {
    separate: await scoresOf(sets, ofTrue.raw, truePlaces, truth),
    chained: await scoresOf(named.raw, ofNamed.raw, ownPlaces, ofNamed.raw),
    windows: windows.length,
  };
}

function sharedPlaces(a: readonly number[], b: readonly number[]): number {
  const count = (list: readonly number[], genre: number) => list.filter((one) => one === genre).length;
  return [...new Set(a)]
    .filter((genre) => genre >= 0)
    .reduce((sum, genre) => sum + Math.min(count(a, genre), count(b, genre)), 0);
}
