import { Random } from "../../core/random.js";
import type { ArtifactFormat } from "../../core/stages.js";
import type { LoraAdapter } from "../../llm/adapter/lora.js";
import { readAdapter, writeAdapter } from "../../llm/adapter/peft-files.js";
import { tunableModel } from "../../llm/local/with-adapter.js";
import type { RunContext } from "../../recommenders/recommender.js";
import type { ControlledListTraining } from "../../tasks/controlled-list.js";
import type { Windows } from "../../tasks/windows.js";
import { frequenciesOf } from "./augment.js";
import type { DlcrecOptions } from "./options.js";
import type { Prompter } from "./prompter.js";
import type { Sample } from "./samples.js";
import { type PairRequest, type Subtask, trainingPairs } from "./training-pairs.js";

const WITHOUT =
  "Use a model with weights (embedded, hf:ORG/NAME or dir:PATH), or give the adapters: --from gp-adapter=FOLDER.";

/** A PEFT folder. */
const adapterFormat: ArtifactFormat<LoraAdapter> = {
  file: "adapter",
  write: writeAdapter,
  read: readAdapter,
};

/** An adapter and what names it in the inputs of later stages. */
export interface TunedAdapter {
  readonly subtask: Subtask;
  readonly adapter: LoraAdapter;
  readonly key: string;
  /** The PEFT folder. */
  readonly path: string;
}

/**
 * The stage `SUBTASK-adapter`: LoRA on so many training windows. Arms that train alike share it, whatever their names.
 * @throws ProviderError where the run's model can't be tuned.
 */
export async function tuneAdapter(
  subtask: Subtask,
  train: ControlledListTraining,
  options: DlcrecOptions,
  prompter: Prompter,
  context: RunContext,
): Promise<TunedAdapter> {
  const { stages, seed } = context;
  const name = `${subtask}-adapter`;
  const request: PairRequest = {
    subtask,
    augmentation: subtask === "gf" ? options.gf : subtask === "ip" ? options.ip : "none",
    noise: options.noise,
    strict: options.strict,
  };
  const { tuning } = options;
  const spread = request.augmentation.includes("d");
  // A given adapter needs no model that can be trained.
  const base = stages.isGiven(name) ? undefined : await tunableModel(await context.llm(), WITHOUT);
  const result = await stages.run<LoraAdapter>({
    name,
    version: 1,
    inputs: {
      model: base?.identity.hash ?? null,
      templates: prompter.templates,
      augmentation: request.augmentation,
      // What changes nothing here must not part the arms.
      ...(subtask === "ip" && request.augmentation.includes("n") && { noise: request.noise }),
      ...(subtask === "ip" && spread && { strict: request.strict }),
      ...{ tuning, seed, data: train.hash },
    },
    format: adapterFormat,
    compute: async (checkpoint) => {
      const model = base!;
      const { finetune } = await import("../../llm/training/sft.js");
      const random = Random.fromSeed(seed).fork("dlcrec");
      const samples = samplesOf(train.windows, tuning.samples, random.fork("windows"));
      const held = samplesOf(train.validation, tuning.validation, random.fork("validation"));
      const { genres, mainGenres } = prompter.names;
      const frequencies = frequenciesOf(samples, mainGenres, genres.length);
      const draws = random.fork("augmentation");
      const pairs = trainingPairs(samples, frequencies, request, prompter, draws);
      const plain: PairRequest = { ...request, augmentation: "none" };
      const validation = trainingPairs(held, frequencies, plain, prompter, draws);
      context.progress.note(`dlcrec: ${subtask} learns from ${pairs.length} samples`);
      const { rank, alpha, dropout, targets, epochs, batchSize, learningRate, patience, lossOn } = tuning;
      const { adapter } = await finetune(
        model.folder,
        await model.tokenizer(),
        pairs,
        {
          lora: { rank, alpha, dropout, targets },
          ...{ epochs, batchSize, learningRate, patience, lossOn, checkpoint },
          warmup: 0.05,
          ...(validation.length > 0 && { validation }),
        },
        random.fork(`training/${subtask}`),
        context,
      );
      return adapter;
    },
  });
  return { subtask, adapter: result.value, key: result.key, path: result.path };
}

function samplesOf(windows: Windows, count: number, random: Random): Sample[] {
  return count === 0 ? [] : windows.sample(count, random).toArray();
}
