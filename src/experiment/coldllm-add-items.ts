import { join, resolve } from "node:path";
import { CostMeter } from "../core/cost.js";
import { DataError, UsageError } from "../core/errors.js";
import { hashPath } from "../core/hash.js";
import type { Progress } from "../core/progress.js";
import { Random } from "../core/random.js";
import { StageStore } from "../core/stages.js";
import { openDataset } from "../data/catalogue.js";
import type { ItemTable } from "../data/dataset.js";
import { filterDataset } from "../data/filters.js";
import { readSplit } from "../data/splits/file.js";
import { hashDataset } from "../data/splits/hash.js";
import { PROJECTIONS } from "../llm/checkpoint/tensors.js";
import { openLanguageModel, type ServerSettings } from "../llm/open.js";
import { parseModelSpec } from "../llm/spec.js";
import { addItems, type AddedItems } from "../methods/coldllm/add-items.js";
import { type Capacity, capacity } from "../methods/coldllm/capacity.js";
import { coldLlm } from "../methods/coldllm/coldllm.js";
import { resolveOptions } from "../recommenders/registry.js";
import type { RunContext } from "../recommenders/recommender.js";
import { prepareColdStart } from "../tasks/cold-start-task.js";
import type { RunConfig } from "./config.js";
import { readManifest } from "./manifest.js";
import { readNewItems } from "./new-items.js";

export interface AddItemsRequest {
  /** Folder of a finished run of `coldllm`. */
  readonly run: string;
  /** JSONL of the new items. */
  readonly file: string;
  /** Which of the run's seeds; its first where left out. */
  readonly seed?: number;
  /** The platform to estimate for. */
  readonly itemsPerDay: number;
  /** Its users; default those of the run. */
  readonly users?: number;
  readonly cache: string;
  readonly offline: boolean;
  /** How a server is asked, where the run's judge is one. */
  readonly server?: ServerSettings;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** A candidate of a new item. */
export interface AddedUser {
  readonly user: string;
  /** The filter's. */
  readonly score: number;
  /** The judge's log P(Yes) - log P(No). */
  readonly logOdds: number;
  readonly accepted: boolean;
}

/** One new item. */
export interface AddedItem {
  readonly item: string;
  readonly title: string;
  /** Best first. */
  readonly users: readonly AddedUser[];
  readonly embedding: readonly number[];
}

export interface AddItemsResult {
  readonly items: readonly AddedItem[];
  readonly secondsPerItem: Readonly<Record<"embed" | "filter" | "judge" | "update", number>>;
  readonly llmCallsPerItem: number;
  /** The share of the exact search's users that an approximate one found; null where the search is exact. */
  readonly searchRecall: number | null;
  /** Embeddings of users and known items, and all files of the run, before and after. */
  readonly untouched: {
    readonly embeddings: readonly [before: string, after: string];
    readonly run: readonly [before: string, after: string];
  };
  readonly demand: { readonly users: number; readonly itemsPerDay: number; readonly candidates: number };
  readonly capacity: Capacity;
}

/**
 * Takes new items into a finished run of `coldllm`: their embeddings and their users, and nothing else is touched.
 * @throws DataError NOT_A_RUN, OTHER_DATA (the data set is no longer the run's) and those of the items' file; UsageError NO_COLDLLM,
 * UNKNOWN_SEED, STAGE_NOT_FINISHED.
 */
export async function addItemsToRun(request: AddItemsRequest): Promise<AddItemsResult> {
  const { run, file, progress, signal } = request;
  const folder = resolve(run);
  const { config, recommenders, data, split } = await readManifest(
    run,
    "Name a run's own folder, such as runs/coldllm-world-1a2b3c4d.",
  );
  if (!Object.hasOwn(recommenders, coldLlm.id)) {
    throw new UsageError("NO_COLDLLM", `no recommender ${coldLlm.id} took part in this run`, {
      file: run,
      hint: "Run llmrec coldllm --recommenders coldllm first.",
    });
  }
  const seed = request.seed ?? config.seeds[0];
  if (!config.seeds.includes(seed)) {
    throw new UsageError("UNKNOWN_SEED", `the run has no seed ${seed}`, {
      hint: `Its seeds: ${config.seeds.join(", ")}.`,
    });
  }
  const before = await hashPath(folder);
  const training = await trainingOf(config, folder, { data: data.hash, split: split.hash }, request);
  const fresh = await readNewItems(file, training.items);
  const options = resolveOptions(coldLlm, config.options[coldLlm.id]);

  const model = await openLanguageModel(
    parseModelSpec(config.llm),
    { progress, signal },
    { offline: request.offline, server: request.server, local: { adapted: PROJECTIONS } },
  );
  try {
    const spent = new CostMeter();
    const context: RunContext = {
      random: Random.fromSeed(seed).fork(coldLlm.id),
      seed,
      stages: new StageStore(join(folder, "stages"), new Map(), coldLlm.id, new CostMeter()).readingOnly(),
      cost: spent,
      progress,
      signal,
      llm: () => Promise.resolve(model),
    };
    const added = await addItems(training, fresh, options, context);
    const count = fresh.keys.length;
    const each = (seconds: number) => seconds / count;
    const { embed, filter, judge, update } = added.seconds;
    const secondsPerItem = {
      embed: each(embed),
      filter: each(filter),
      judge: each(judge),
      update: each(update),
    };
    const users = training.users.keys.length;
    const demand = {
      users: request.users ?? users,
      itemsPerDay: request.itemsPerDay,
      candidates: options.filter.users,
    };
    const rates = {
      secondsToEmbed: secondsPerItem.embed,
      secondsToFilter: secondsPerItem.filter,
      users,
      secondsToJudge: judge / Math.max(1, added.candidates.users.length),
      secondsToUpdate: secondsPerItem.update,
    };
    return {
      items: itemsOf(added, fresh, training.users.keys),
      secondsPerItem,
      llmCallsPerItem: spent.total.llmCalls / count,
      searchRecall: added.searchRecall,
      untouched: {
        embeddings: [added.others.before, added.others.after],
        run: [before, await hashPath(folder)],
      },
      demand,
      capacity: capacity(rates, demand),
    };
  } finally {
    await model.close();
  }
}

async function trainingOf(
  config: RunConfig,
  folder: string,
  hashes: { readonly data: string; readonly split: string },
  { cache, offline, progress, signal }: AddItemsRequest,
) {
  const { data, world, columns } = config;
  const opened = await openDataset(config.dataset, {
    data,
    world,
    columns,
    cache,
    offline,
    progress,
    signal,
  });
  const dataset = filterDataset(opened, config.filter);
  const split = await readSplit(join(folder, "split.parquet"), dataset);
  if (hashDataset(dataset) !== hashes.data || split.hash !== hashes.split) {
    throw new DataError("OTHER_DATA", `${config.dataset} is no longer what the run learnt from`, {
      file: folder,
      hint: "Run llmrec coldllm again.",
    });
  }
  return prepareColdStart(dataset, split, config.ks, config.task).training;
}

function itemsOf(added: AddedItems, fresh: ItemTable, userKeys: readonly string[]): AddedItem[] {
  const { candidates, judgements, embeddings } = added;
  const lists = fresh.keys.map((): AddedUser[] => []);
  candidates.items.forEach((item, at) => {
    lists[item].push({
      user: userKeys[candidates.users[at]],
      score: candidates.scores?.[at] ?? NaN,
      logOdds: judgements.logOdds?.[at] ?? NaN,
      accepted: judgements.accepted[at] === 1,
    });
  });
  return fresh.keys.map((item, n) => ({
    item,
    title: fresh.titles[n],
    users: lists[n],
    embedding: Array.from(embeddings.data.subarray(n * embeddings.size, (n + 1) * embeddings.size)),
  }));
}
