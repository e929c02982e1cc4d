import { basename, join } from "node:path";
import { throwIfInterrupted } from "../../../core/errors.js";
import type { Progress } from "../../../core/progress.js";
import { type Catalogue, readCatalogue, readInstructions } from "../../../data/readers/dlcrec.js";
import { Grounder } from "../grounding.js";
import { trigramSimilarity } from "../title-similarity.js";
import { type OutputFile, outputFiles, type PublishedScores, readPublishedScores } from "./files.js";
import { type GfReplay, type GpReplay, replayGf, replayGp } from "./genres.js";
import { type ListReplay, replayLists } from "./lists.js";

/** Where a folder holds what: the layout of the published replication's movie part. */
const CATALOGUE = "ml10m_movies.dat";
const OUTPUTS = "outputs";
const SCORES = ["result_IP_movie.json", "result_BIGRec_movie.json", "movie_sgcate_GF.json"];

/** A file's scores beside the published ones. */
export interface ReplayRow<T> extends Pick<OutputFile, "kind" | "label" | "genres"> {
  /** The file's name. */
  readonly file: string;
  readonly replay: T;
  /** Null where nothing was published for the file. */
  readonly published: PublishedScores | null;
}

export interface Replay {
  readonly catalogue: Catalogue;
  readonly grounder: Grounder;
  readonly lists: readonly ReplayRow<ListReplay>[];
  readonly gp: readonly ReplayRow<GpReplay>[];
  readonly gf: readonly ReplayRow<GfReplay>[];
}

/** How far a list's scores may be off, as the grounding leaves room: more where fewer titles are an item's own. */
export interface Tolerance {
  /** Relative, of NDCG. */
  readonly ndcg: number;
  /** Absolute, of COV and MAE_COV. */
  readonly genres: number;
}

/** NDCG within 3 %, COV and MAE_COV within .06 where at least 95 % of the titles are exact; else 8 % and .2. */
export function toleranceOf({ titles, exact }: ListReplay): Tolerance {
  return exact / titles >= 0.95 ? { ndcg: 0.03, genres: 0.06 } : { ndcg: 0.08, genres: 0.2 };
}

/** Whether NDCG, COV and MAE_COV are as near to the published ones as {@link toleranceOf} wants; null without those. */
export function reproduces({ replay, published }: ReplayRow<ListReplay>): boolean | null {
  if (published === null) return null;
  const { ndcg, genres } = toleranceOf(replay);
  const { scores } = replay;
  return (
    Math.abs(scores.NDCG / published.NDCG - 1) <= ndcg &&
    Math.abs(scores.COV - published.COV) <= genres &&
    Math.abs(scores.MAE_COV - published.MAE_COV) <= genres
  );
}

/**
 * Scores published answers of DLCRec's and BIGRec's models without the models: parses every answer, grounds its titles by
 * their letters (the published grounding used embeddings of Llama-3) and computes the published metrics.
 * @param folder - holds `ml10m_movies.dat`, `outputs/` and the published scores.
 * @throws DataError of the readers; NO_OUTPUTS.
 */
export async function replayFolder(
  folder: string,
  { progress, signal }: { readonly progress: Progress; readonly signal: AbortSignal },
): Promise<Replay> {
  const catalogue = await readCatalogue(join(folder, CATALOGUE));
  const grounder = new Grounder(catalogue.titles, trigramSimilarity(catalogue.titles));
  const published = new Map<string, PublishedScores>();
  for (const name of SCORES) {
    for (const [file, scores] of await readPublishedScores(join(folder, name)))
      published.set(file, named(scores));
  }
  const files = await outputFiles(join(folder, OUTPUTS));
  const lists: ReplayRow<ListReplay>[] = [];
  const gp: ReplayRow<GpReplay>[] = [];
  const gf: ReplayRow<GfReplay>[] = [];
  const step = progress.start("replay", files.length);
  for (const [done, file] of files.entries()) {
    throwIfInterrupted(signal);
    const records = await readInstructions(file.path);
    const { kind, label, genres } = file;
    const name = basename(file.path);
    const row = <T>(replay: T): ReplayRow<T> => ({
      ...{ file: name, kind, label, genres },
      replay,
      published: published.get(name) ?? null,
    });
    if (kind === "gp") gp.push(row(replayGp(file, records)));
    else if (kind === "gf") gf.push(row(replayGf(file, records)));
    else lists.push(row(replayLists(file, records, catalogue, grounder)));
    step.update(done + 1);
  }
  step.end();
  gp.sort((a, b) => (a.genres ?? 0) - (b.genres ?? 0));
  return { catalogue, grounder, lists, gp, gf };
}

/** The two published files call the same error by two names. */
function named(scores: PublishedScores): PublishedScores {
  const { COV_MAE: error, ...others } = scores as PublishedScores & { COV_MAE?: number };
  return error === undefined ? scores : { ...others, MAE_COV: error };
}
