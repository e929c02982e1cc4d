import { rm } from "node:fs/promises";
import { join } from "node:path";
import { writeJson } from "../../core/files.js";
import { Random } from "../../core/random.js";
import type { Tensor } from "../../engine/run/tensor.js";
import type { WorldOptions } from "../../data/world/sizes.js";
import { parseConfig } from "../../llm/checkpoint/config.js";
import { parameterCount } from "../../llm/checkpoint/tensors.js";
import { writeCheckpoint } from "../../llm/checkpoint/write-checkpoint.js";
import type { CallContext } from "../../llm/language-model.js";
import { loadTokenizer } from "../../llm/local/tokenizer.js";
import { trainBytePairs } from "../../llm/tokenizer-training/byte-level-bpe.js";
import {
  BEGIN_TOKEN,
  END_TOKEN,
  FIRST_TOKEN,
  writeTokenizer,
} from "../../llm/tokenizer-training/tokenizer-files.js";
import { pretrain, type WeightedTokens } from "../../llm/training/pretrain.js";
import { CORPUS_SIZE, type CorpusSize, makeCorpus } from "./corpus.js";
import { tokenLengths, weightedTokens } from "./weighted-tokens.js";

/** One pass of training: the learning rate rises, and falls with half a cosine. */
export interface PassRecipe {
  readonly epochs: number;
  readonly learningRate: number;
  readonly batchSize: number;
  readonly rowLength: number;
}

/** Shape and training of a small Llama. */
export interface ModelRecipe {
  readonly vocabulary: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly hidden: number;
  readonly context: number;
  /** First the facts alone: in one pass with all else they drown, and without them nobody's taste can be understood. */
  readonly facts: PassRecipe;
  /** Then drills, in many small steps: how a verdict follows from a list, and what fits a request. */
  readonly drills: PassRecipe;
  /** Then facts and tastes together. */
  readonly all: PassRecipe;
  readonly seed: number;
}

/** The model that ships with the program. */
export const EMBEDDED_RECIPE: ModelRecipe = {
  vocabulary: 2_048,
  width: 128,
  layers: 4,
  heads: 8,
  hidden: 352,
  context: 1_024,
  facts: { epochs: 2, learningRate: 2e-3, batchSize: 4, rowLength: 192 },
  drills: { epochs: 1, learningRate: 1.5e-3, batchSize: 2, rowLength: 256 },
  all: { epochs: 1, learningRate: 1e-3, batchSize: 2, rowLength: 384 },
  seed: 1,
};

/** What the model is made of, besides its recipe. */
export interface PretrainingRequest {
  /** The twin: pre-trained on a world whose directors have each other's moods. */
  readonly twin: boolean;
  readonly recipe?: Partial<ModelRecipe>;
  readonly corpus?: CorpusSize;
  readonly world?: WorldOptions["size"];
  readonly threads?: number;
}

/** How a model was made; kept beside it as `pretraining.json`. */
export interface PretrainingReport {
  readonly twin: boolean;
  readonly recipe: ModelRecipe;
  readonly corpus: CorpusSize;
  readonly documents: number;
  readonly tokens: number;
  readonly parameters: number;
  /** Mean loss of the last epoch, in nats a weighted token. */
  readonly loss: number;
}

/**
 * Makes a language model about the embedded world from nothing: corpus, tokenizer, weights, in a Hugging Face folder. The same request gives the
 * same bytes on one kind of machine; one that was stopped goes on from its last checkpoint.
 */
export async function makeWorldModel(
  folder: string,
  { twin, recipe: changes, corpus: size = CORPUS_SIZE, world, threads }: PretrainingRequest,
  context: Pick<CallContext, "progress" | "signal">,
): Promise<PretrainingReport> {
  const recipe = { ...EMBEDDED_RECIPE, ...changes };
  const writing = context.progress.start("corpus");
  const corpus = makeCorpus({ twin, size, ...(world !== undefined && { world }) });
  writing.end();
  const documents = [...corpus.knowledge, ...corpus.drills, ...corpus.tastes];
  const texts = documents.map((document) => document.map(({ text }) => text).join(""));
  // A name is one token: so small a model can't put names together from parts and know who bears them.
  const { names } = corpus;
  const isName = new RegExp(names.map((name) => name).join("|"), "g");
  const pairs = trainBytePairs(
    texts.flatMap((text) => text.split(isName)),
    recipe.vocabulary - FIRST_TOKEN - names.length,
  );
  await writeTokenizer(folder, pairs, recipe.context, names);
  const tokenizer = await loadTokenizer(folder, [END_TOKEN]);
  const raw = rawConfig(recipe, tokenizer.vocabularySize);
  const config = parseConfig(raw, join(folder, "config.json"));
  const lengths = tokenLengths(pairs, names);
  const rows = documents.map((document) => weightedTokens(tokenizer, lengths, document));
  const facts = rows.slice(0, corpus.knowledge.length);
  const drills = rows.slice(facts.length, facts.length + corpus.drills.length);
  const tastes = rows.slice(facts.length + drills.length);
  const checkpoints = join(folder, "checkpoints");
  const random = Random.fromSeed(`pretraining/${recipe.seed}`);
  const pass = (
    name: "facts" | "drills" | "all",
    texts: readonly WeightedTokens[],
    start?: Readonly<Record<string, Tensor>>,
  ) =>
    pretrain(
      config,
      texts,
      {
        ...recipe[name],
        weightDecay: 0.05,
        warmup: 0.03,
        label: `pre-training on ${name}`,
        checkpoint: join(checkpoints, name),
        ...(threads !== undefined && { threads }),
        ...(start && { start }),
      },
      random.fork(name),
      context,
    );
  const known = await pass("facts", facts);
  const drilled = await pass("drills", drills, known.weights);
  const { weights, report } = await pass("all", [...facts, ...tastes], drilled.weights);
  await writeCheckpoint(folder, config, (name) => weights[name].data as Float32Array, {
    rawConfig: raw,
    type: "F16",
  });
  await writeJson(join(folder, "generation_config.json"), {
    bos_token_id: BEGIN_TOKEN,
    eos_token_id: END_TOKEN,
    pad_token_id: END_TOKEN,
  });
  const made: PretrainingReport = {
    twin,
    recipe,
    corpus: size,
    documents: documents.length,
    tokens: rows.reduce((sum, { tokens }) => sum + tokens.length, 0),
    parameters: parameterCount(config),
    loss: report.epochs[report.epochs.length - 1].loss,
  };
  await writeJson(join(folder, "pretraining.json"), made);
  await rm(checkpoints, { recursive: true, force: true });
  return made;
}

function rawConfig(recipe: ModelRecipe, vocabulary: number): Record<string, unknown> {
  return {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    vocab_size: vocabulary,
    hidden_size: recipe.width,
    intermediate_size: recipe.hidden,
    num_hidden_layers: recipe.layers,
    num_attention_heads: recipe.heads,
    num_key_value_heads: recipe.heads,
    hidden_act: "silu",
    rms_norm_eps: 1e-5,
    rope_theta: 10_000,
    max_position_embeddings: recipe.context,
    tie_word_embeddings: true,
    attention_bias: false,
    mlp_bias: false,
    bos_token_id: BEGIN_TOKEN,
    eos_token_id: END_TOKEN,
    pad_token_id: END_TOKEN,
  };
}
