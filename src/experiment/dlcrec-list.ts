import { mkdir } from "node:fs/promises";
import { CostMeter } from "../core/cost.js";
import { UsageError } from "../core/errors.js";
import type { Progress } from "../core/progress.js";
import { Random } from "../core/random.js";
import { StageStore } from "../core/stages.js";
import { parseModelSpec } from "../llm/spec.js";
import { dlcrec, LIST_STAGES, type ListStage, tunePipeline } from "../methods/dlcrec/dlcrec.js";
import { Grounder } from "../methods/dlcrec/grounding.js";
import type { ListQuery } from "../methods/dlcrec/pipeline.js";
import { trigramSimilarity } from "../methods/dlcrec/title-similarity.js";
import { readHistory, readSlots, readWish } from "../methods/dlcrec/wish.js";
import type { RunContext } from "../recommenders/recommender.js";
import { resolveOptions } from "../recommenders/registry.js";
import type { ControlledListTraining } from "../tasks/controlled-list.js";
import { type RunConfig, resolveConfig } from "./config.js";
import { readManifest } from "./manifest.js";
import { folderAt, type RunFolder, runFolder } from "./run-folder.js";
import { RunModel } from "./run-model.js";
import { layOutTask } from "./run-task.js";

/** One user's wish, in the user's words. */
export interface ListRequest {
  readonly config: RunConfig;
  /** Titles separated by semicolons, oldest first. */
  readonly history: string;
  /** A number, or genres by name. */
  readonly genres?: string;
  /** A genre for each place. */
  readonly slots?: string;
  readonly length: number;
  /** The last stage to run. */
  readonly stage: ListStage;
  /** A run of `llmrec dlcrec` whose adapters are used. */
  readonly run?: string;
  /** `--from`, by stage. */
  readonly external: ReadonlyMap<string, string>;
  readonly out: string;
  readonly cache: string;
  readonly offline: boolean;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** A place of the list; what no stage has told yet is null. */
export interface ListedPlace {
  readonly genre: string | null;
  /** As the model wrote it. */
  readonly title: string | null;
  /** The film that it stands for. */
  readonly item: string | null;
  readonly itemGenre: string | null;
}

export interface ListResult {
  readonly asked: number;
  readonly genres: readonly string[];
  readonly places: readonly ListedPlace[];
  /** Different genres of the films. */
  readonly delivered: number | null;
  /** What each stage answered, word for word. */
  readonly answers: Readonly<Partial<Record<ListStage, string>>>;
  /** Genres or places that could not be read in them. */
  readonly unreadable: number;
}

/**
 * DLCRec for one history. A wish for a number begins with GP, one for genres with GF, one for places with IP. Adapters that no run has
 * left are trained first, and kept.
 * @throws UsageError for unknown titles and genres, for more genres than there are, and where a stage is left out that was asked for.
 */
export async function listFor(request: ListRequest): Promise<ListResult> {
  const { progress, signal, external, offline } = request;
  const { config, folder } = await placeOf(request);
  const { prepared } = await layOutTask("controlled-list", config, request);
  const train = prepared.training;
  const query = queryOf(request, train);
  const first = query.slots !== undefined ? 2 : query.genres !== undefined ? 1 : 0;
  const last = LIST_STAGES.indexOf(request.stage);
  if (last < first) {
    throw new UsageError("NOTHING_TO_DO", `the stage ${request.stage} would answer what is given already`, {
      hint: `Run a later one: --stage ${LIST_STAGES[first]}.`,
    });
  }
  await mkdir(folder.stages, { recursive: true });
  const model = new RunModel({ spec: parseModelSpec(config.llm), folder, offline, progress, signal });
  const cost = new CostMeter();
  const [seed] = config.seeds;
  const context: RunContext = {
    ...{ seed, cost, progress, signal },
    random: Random.fromSeed(seed).fork(dlcrec.id),
    stages: new StageStore(folder.stages, external, dlcrec.id, cost),
    llm: () => model.open(dlcrec.id),
  };
  try {
    const options = resolveOptions(dlcrec, config.options[dlcrec.id]);
    const { pipeline, adapters } = await tunePipeline(
      train,
      options,
      LIST_STAGES.slice(first, last + 1),
      context,
    );
    let current = query;
    let unreadable = 0;
    const answers: Partial<Record<ListStage, string>> = {};
    if (first === 0) {
      const read = await pipeline.genres([current], adapters.gp, context);
      [answers.gp] = read.answers;
      unreadable += read.unreadable;
      current = { ...current, genres: read.values[0] };
    }
    if (first <= 1 && last >= 1) {
      const read = await pipeline.slots([current], adapters.gf, context);
      [answers.gf] = read.answers;
      unreadable += read.unreadable;
      current = { ...current, slots: read.values[0] };
    }
    let titles: readonly (string | null)[] = [];
    let items: ArrayLike<number> = [];
    if (last === 2) {
      const read = await pipeline.write("ip", [current], adapters.ip, context);
      [answers.ip] = read.answers;
      unreadable += read.unreadable;
      const { lists } = await pipeline.ground([current], read.values, context);
      [items] = lists;
      titles = read.values[0].map((place) => place?.title ?? null);
    }
    return resultOf(current, titles, items, train, { answers, unreadable });
  } finally {
    await model.close();
  }
}

/** Where adapters lie, and the configuration that they were trained with. */
async function placeOf({ config, run, out }: ListRequest): Promise<{ config: RunConfig; folder: RunFolder }> {
  if (run === undefined) return { config, folder: runFolder(out, "dlcrec list", config) };
  const manifest = await readManifest(run, "Name the folder of a run of llmrec dlcrec.");
  return { config: resolveConfig([manifest.config]), folder: folderAt(run) };
}

function queryOf(
  { history: text, genres, slots, length: asked }: ListRequest,
  { items, mainGenres }: ControlledListTraining,
): ListQuery {
  const names = { titles: items.titles, genres: items.categoryNames, mainGenres };
  const history = readHistory(text, names, new Grounder(items.titles, trigramSimilarity(items.titles)));
  const seen = Int32Array.from(new Set(history)).sort();
  if (slots !== undefined) {
    const own = readSlots(slots, names);
    const set = [...new Set(own)];
    return { history, seen, length: own.length, slots: own, genres: set, count: set.length };
  }
  const wish = genres === undefined ? {} : readWish(genres, names, asked);
  const own = new Set(history.filter((item) => mainGenres[item] >= 0).map((item) => mainGenres[item])).size;
  return {
    ...{ history, seen, length: asked },
    count: wish.count ?? Math.max(1, own),
    ...(wish.genres && { genres: wish.genres }),
  };
}

function resultOf(
  { genres = [], slots = [], count, length }: ListQuery,
  titles: readonly (string | null)[],
  found: ArrayLike<number>,
  { items, mainGenres }: ControlledListTraining,
  told: Pick<ListResult, "answers" | "unreadable">,
): ListResult {
  const nameOf = (genre: number | undefined) =>
    genre === undefined || genre < 0 ? null : items.categoryNames[genre];
  const places = Array.from({ length: slots.length === 0 ? 0 : length }, (_, place): ListedPlace => {
    const item = Array.from(found).at(place) ?? -1;
    return {
      genre: nameOf(slots.at(place)),
      title: titles.at(place) ?? null,
      item: item < 0 ? null : items.titles[item],
      itemGenre: item < 0 ? null : nameOf(mainGenres[item]),
    };
  });
  const delivered = places.map(({ itemGenre }) => itemGenre).filter((genre) => genre !== null);
  return {
    ...{ asked: count, genres: genres.map((genre) => items.categoryNames[genre]), places },
    delivered: found.length === 0 ? null : new Set(delivered).size,
    ...told,
  };
}
