import { DataError } from "../core/errors.js";
import { writeAtomically } from "../core/files.js";
import { Random } from "../core/random.js";
import { openDataset, type OpenOptions } from "../data/catalogue.js";
import { filterDataset } from "../data/filters.js";
import { judgeSamples, trainingPair } from "../methods/coldllm/samples.js";
import { coldStartProtocol } from "../tasks/cold-start-protocol.js";
import { defaultColdStartSplit } from "../tasks/cold-start-task.js";
import { chooseSplit } from "./choose-split.js";
import type { RunConfig } from "./config.js";

export interface SamplesRequest {
  readonly config: RunConfig;
  readonly file: string;
  /** Questions to write: half of them with the answer Yes. Even. */
  readonly count: number;
  /** The most items of a user's history in a question. */
  readonly history: number;
  readonly noun: string;
  readonly seed: number;
}

/** Yes/No questions as saved. */
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
  const { config, file, count, history, noun, seed } = request;
  const opened = await openDataset(config.dataset, {
    ...options,
    columns: config.columns,
    world: config.world,
  });
  const dataset = filterDataset(opened, config.filter);
  const split = await chooseSplit(dataset, config, defaultColdStartSplit(dataset));
  const { training } = coldStartProtocol(dataset, split);
  const random = Random.fromSeed(seed).fork("judge samples");
  const samples = judgeSamples(training, { history, users: count / 2 }, random);
  if (samples.length < count) {
    throw new DataError(
      "TOO_FEW_SAMPLES",
      `${dataset.name} gives ${samples.length} questions, not ${count}`,
      {
        hint: "A user gives two, and needs two training items with words: ask for fewer, or take more data.",
      },
    );
  }
  const lines = samples.map((sample) => JSON.stringify(trainingPair(training, sample, noun)));
  await writeAtomically(file, `${lines.join("\n")}\n`);
  return { file, dataset: dataset.name, split: split.description, samples: samples.length };
}
