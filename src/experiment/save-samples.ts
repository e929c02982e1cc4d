import { DataError } from "../core/errors.js";
import { writeAtomically } from "../core/files.js";
import { Random } from "../core/random.js";
import { openDataset, type OpenOptions } from "../data/catalogue.js";
import type { Dataset } from "../data/dataset.js";
import { filterDataset } from "../data/filters.js";
import type { Split } from "../data/split.js";
import type { TrainingPair } from "../llm/training/batches.js";
import { judgeSamples, trainingPair } from "../methods/coldllm/samples.js";
import { dialoguePairs } from "../methods/rta/samples.js";
import { coldStartProtocol } from "../tasks/cold-start-protocol.js";
import { defaultColdStartSplit } from "../tasks/cold-start-task.js";
import { conversationProtocol } from "../tasks/conversation-protocol.js";
import { defaultConversationSplit } from "../tasks/conversation-task.js";
import { chooseSplit } from "./choose-split.js";
import type { RunConfig } from "./config.js";

interface PairsRequest {
  readonly config: RunConfig;
  readonly file: string;
}

export interface SamplesRequest extends PairsRequest {
  /** Questions to write: half of them with the answer Yes. Even. */
  readonly count: number;
  /** The most items of a user's history in a question. */
  readonly history: number;
  readonly noun: string;
  readonly seed: number;
}

export interface DialogueSamplesRequest extends PairsRequest {
  /** The most turns before what the recommender says. */
  readonly turns: number;
}

/** Pairs of prompt and completion as saved. */
export interface SavedSamples {
  readonly file: string;
  readonly dataset: string;
  readonly split: string;
  readonly samples: number;
}

/**
 * Writes ColdLLM's Yes/No questions about a data set's training interactions, a JSON line `{prompt, completion}` each: what `models finetune` reads.
 * Of one user there's one question with Yes and one with No; nothing of the test part is in it.
 * @throws DataError where fewer users can be asked about.
 */
export async function saveSamples(request: SamplesRequest, options: OpenOptions): Promise<SavedSamples> {
  const { config, count, history, noun, seed } = request;
  const { dataset, split } = await openSplit(config, defaultColdStartSplit, options);
  const { training } = coldStartProtocol(dataset, split);
  const random = Random.fromSeed(seed).fork("judge samples");
  const samples = judgeSamples(training, { history, users: count / 2, preference: "seen" }, random);
  if (samples.length < count) {
    throw new DataError(
      "TOO_FEW_SAMPLES",
      `${dataset.name} gives ${samples.length} questions, not ${count}`,
      {
        hint: "A user gives two, and needs two training items with words: ask for fewer, or take more data.",
      },
    );
  }
  const pairs = samples.map((sample) => trainingPair(training, sample, noun));
  return savePairs(pairs, request, { dataset, split });
}

/**
 * Writes what the recommender says in a data set's training dialogues, a JSON line `{prompt, completion}` each: what `models finetune` reads.
 * @throws DataError those of {@link conversationProtocol}.
 */
export async function saveDialogueSamples(
  request: DialogueSamplesRequest,
  options: OpenOptions,
): Promise<SavedSamples> {
  const opened = await openSplit(request.config, defaultConversationSplit, options);
  const { training } = conversationProtocol(opened.dataset, opened.split);
  return savePairs(dialoguePairs(training, request.turns), request, opened);
}

interface OpenedSplit {
  readonly dataset: Dataset;
  readonly split: Split;
}

async function openSplit(
  config: RunConfig,
  defaultSplit: (dataset: Dataset) => string,
  options: OpenOptions,
): Promise<OpenedSplit> {
  const { columns, world, filter } = config;
  const dataset = filterDataset(await openDataset(config.dataset, { ...options, columns, world }), filter);
  return { dataset, split: await chooseSplit(dataset, config, defaultSplit(dataset)) };
}

async function savePairs(
  pairs: readonly TrainingPair[],
  { file }: PairsRequest,
  { dataset, split }: OpenedSplit,
): Promise<SavedSamples> {
  await writeAtomically(file, pairs.map((pair) => `${JSON.stringify(pair)}\n`).join(""));
  return { file, dataset: dataset.name, split: split.description, samples: pairs.length };
}
