import { join } from "node:path";
import type { Progress } from "../core/progress.js";
import { readParquet } from "../core/parquet.js";
import type { BackboneChoice } from "../recommenders/cold-start/backbone.js";
import { PUBLISHED, type PublishedFigures } from "../methods/coldllm/published.js";
import { COLD_START_SETTINGS } from "../tasks/cold-start-protocol.js";
import { resolveConfig } from "./config.js";
import { casesFile, type RunResult } from "./run.js";
import { runTask } from "./run-task.js";

export type ReplayBackbone = BackboneChoice["backbone"];

/** What the release of ColdLLM holds beside its split: the filter's users, and the same pairs with the judge's answers. */
const FILTER = "coldllm/top20_0120.csv";
const ANSWERS = "coldllm/CiteULike_askllama_llamawidetower20_0105.csv";

/**
 * What can be told from the published files alone. Backbones that take long have the rows that the paper has, and LightGCN random filtered
 * pairs, too, which the judge must beat.
 */
const ARMS: Readonly<Record<ReplayBackbone, readonly string[]>> = {
  als: [
    "coldllm",
    "coldllm-filter",
    "coldllm-filter-top",
    "coldllm-sample",
    "coldllm-content",
    "coldllm-popular",
    "coldllm-random",
  ],
  lightgcn: ["coldllm", "coldllm-sample", "coldllm-filter", "coldllm-random"],
  ngcf: ["coldllm"],
  "bpr-mf": ["coldllm"],
};

/** The official evaluator looks at so many users of each setting, in the order of their numbers. */
export const FIRST_USERS = 2000;

/**
 * How each backbone is trained: the paper's length (200), the code's layers and penalties, and learning rates that grow with the
 * batch. ALS chooses its options on validation.
 */
const TRAINING: Readonly<Record<ReplayBackbone, Readonly<Record<string, unknown>>>> = {
  als: {},
  lightgcn: {
    ...{ embeddingSize: 200, layers: 3, regularization: 1e-4 },
    // Of .01 and .02 the better one on validation; at .004 training without pairs still rises after 300 epochs.
    ...{ batchSize: 8192, learningRate: 0.01, epochs: 600, validateEvery: 5, patience: 5 },
  },
  ngcf: {
    ...{ embeddingSize: 200, layers: 3, regularization: 1e-5 },
    // Not to its end: at a rate of .002 validation rises for more than 120 epochs, each 17 passes or more over the whole graph, which takes hours.
    ...{ batchSize: 8192, learningRate: 0.01, epochs: 60, validateEvery: 5, patience: 5 },
  },
  "bpr-mf": {
    ...{ embeddingSize: 200, regularization: 1e-3 },
    ...{ batchSize: 2048, learningRate: 0.001, epochs: 300, validateEvery: 5, patience: 5 },
  },
};

export interface ReplayRequest {
  /** Folder of citeulike-a with the release's files in `coldllm/`. */
  readonly data: string;
  readonly backbones: readonly ReplayBackbone[];
  readonly seeds: readonly number[];
  readonly out: string;
  readonly fresh: boolean;
  readonly cache: string;
  readonly arguments: readonly string[];
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Recall and NDCG by metric name, `recall@20/cold`. */
export type ReplayFigures = Readonly<Record<string, number>>;

/** Needs no simulated pairs and no training: the nearest items by tags. */
const REFERENCE = "content-knn";

/** One arm of one backbone beside what the paper says of it. */
export interface ColdLlmReplayRow {
  /** Who learns; {@link REFERENCE} is in a row of its own. */
  readonly backbone: ReplayBackbone | typeof REFERENCE;
  readonly recommender: string;
  readonly figures: ReplayFigures;
  /** Of the first {@link FIRST_USERS} users of each setting. */
  readonly firstUsers: ReplayFigures;
  /** `adoption`, `real-pair/pairs` and the other diagnostics; none for a backbone alone. */
  readonly diagnostics: ReplayFigures;
  readonly published: PublishedFigures | null;
}

export interface ColdLlmReplay {
  readonly rows: readonly ColdLlmReplayRow[];
  readonly seeds: readonly number[];
  readonly split: string;
  readonly notes: readonly string[];
  /** Run folder of each backbone. */
  readonly runs: Readonly<Record<string, string>>;
}

/** The metrics of the paper's tables. */
export const REPLAY_METRICS = COLD_START_SETTINGS.flatMap((setting) => [
  `recall@20/${setting}`,
  `ndcg@20/${setting}`,
]);

/**
 * Scores the answers published with ColdLLM without its language model: every arm on each backbone, one run folder a backbone.
 * @throws DataError FILE_NOT_FOUND and those of the pair files.
 */
export async function replayColdLlm(request: ReplayRequest): Promise<ColdLlmReplay> {
  const rows: ColdLlmReplayRow[] = [];
  const runs: Record<string, string> = {};
  const reference = await run(request, { recommenders: [REFERENCE] });
  rows.push(...(await rowsOf(reference, REFERENCE, [1])));
  for (const backbone of request.backbones) {
    const result = await run(request, armsOf(backbone, request.seeds));
    rows.push(...(await rowsOf(result, backbone, request.seeds)));
    runs[backbone] = result.folder.path;
  }
  const { split, notes } = reference.scoreboard;
  return { rows, seeds: request.seeds, split, notes, runs };
}

async function rowsOf(
  result: RunResult,
  backbone: ColdLlmReplayRow["backbone"],
  seeds: readonly number[],
): Promise<ColdLlmReplayRow[]> {
  const { folder, scoreboard } = result;
  const rows: ColdLlmReplayRow[] = [];
  for (const { recommender, metrics } of scoreboard.rows) {
    const means = Object.entries(metrics).map(([name, { mean }]) => [name, mean] as const);
    const only = (keep: (name: string) => boolean) =>
      Object.fromEntries(means.filter(([name]) => keep(name)));
    const files = seeds.map((seed) =>
      casesFile(folder, recommender, recommender === REFERENCE ? null : seed),
    );
    rows.push({
      backbone,
      recommender,
      figures: only((name) => REPLAY_METRICS.includes(name)),
      firstUsers: await meansOfFirst(files),
      diagnostics: only((name) =>
        /^(adoption$|real-pair|simulated-pairs|users-reached|items-reached)/.test(name),
      ),
      published: publishedFor(backbone, recommender),
    });
  }
  return rows;
}

function publishedFor(backbone: ColdLlmReplayRow["backbone"], recommender: string): PublishedFigures | null {
  if (backbone === "als" || backbone === REFERENCE) return null;
  const name = recommender === backbone ? "backbone" : recommender;
  const ofBackbone = PUBLISHED[backbone];
  return Object.hasOwn(ofBackbone, name) ? ofBackbone[name] : null;
}

/** The backbone alone and every arm on it. */
function armsOf(backbone: ReplayBackbone, seeds: readonly number[]): Record<string, unknown> {
  const training = TRAINING[backbone];
  const arms = ARMS[backbone];
  const options = Object.fromEntries<Record<string, unknown>>([
    [backbone, training],
    ...arms.map((id) => [id, { backbone, training }] as const),
  ]);
  return { recommenders: [backbone, ...arms], options, seeds };
}

function run(request: ReplayRequest, setting: Readonly<Record<string, unknown>>): Promise<RunResult> {
  const { data } = request;
  const common = { dataset: "citeulike-a", data, split: { name: "published" } };
  const external = new Map([
    ["filter", join(data, FILTER)],
    ["refine", join(data, ANSWERS)],
  ]);
  return runTask({
    ...request,
    task: "cold-start",
    command: "coldllm-replay",
    config: resolveConfig([common, setting]),
    external,
    offline: true,
  });
}

/** Means over the first users of each setting, and over the files, one a seed. */
async function meansOfFirst(files: readonly string[]): Promise<ReplayFigures> {
  const tables = await Promise.all(files.map((file) => readParquet(file)));
  return Object.fromEntries(
    REPLAY_METRICS.map((name) => {
      const perSeed = tables.map((table) => {
        const values = (table[name] as Float64Array).filter((value) => !Number.isNaN(value));
        const first = values.subarray(0, FIRST_USERS);
        return first.reduce((sum, value) => sum + value, 0) / first.length;
      });
      return [name, perSeed.reduce((sum, value) => sum + value, 0) / perSeed.length];
    }),
  );
}
