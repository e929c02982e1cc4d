import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writeJson } from "../../core/files.js";
import { Random } from "../../core/random.js";
import type { WorldOptions } from "../../data/world/sizes.js";
import { parseConfig } from "../../llm/checkpoint/config.js";
import { writeCheckpoint } from "../../llm/checkpoint/write-checkpoint.js";
import type { CallContext } from "../../llm/language-model.js";
import { type FolderTokenizer, loadTokenizer } from "../../llm/local/tokenizer.js";
import { trainBytePairs } from "../../llm/tokenizer-training/byte-level-bpe.js";
import { BEGIN_TOKEN, END_TOKEN, writeTokenizer } from "../../llm/tokenizer-training/tokenizer-files.js";
import { pretrain, type WeightedTokens } from "../../llm/training/pretrain.js";
import { CORPUS_SIZE, type CorpusSize, makeCorpus } from "./corpus.js";
import type { Document } from "./document.js";

/** Shape and training of a small Llama. */
export interface ModelRecipe {
  readonly vocabulary: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly hidden: number;
  readonly context: number;
  readonly batchSize: number;
  readonly rowLength: number;
  readonly epochs: number;
  readonly learningRate: number;
  readonly seed: number;
}

/** The model that ships with the program. */
export const EMBEDDED_RECIPE: ModelRecipe = {
  vocabulary: 2_048,
  width: 128,
  layers: 4,
  heads: 4,
  hidden: 352,
  context: 1_024,
  batchSize: 8,
  rowLength: 384,
  epochs: 1,
  learningRate: 3e-3,
  seed: 1,
};

/** What the model is made of, besides its recipe. */
export interface PretrainingRequest {
  /** The twin: pre-trained on a world whose directors have each other's moods. */
  readonly twin: boolean;
  readonly recipe?: Partial<ModelRecipe>;
  readonly corpus?: CorpusSize;
  readonly world?: WorldOptions["size"];
  /** Folder for checkpoints. */
  readonly checkpoint?: string;
  readonly threads?: number;
}

/**
 * Makes a language model about the embedded world from nothing: corpus, tokenizer, weights, in a Hugging Face folder. The same request gives the
 * same bytes on one machine.
 * @returns the mean loss of the last epoch, in nats a (weighted) token.
 */
export async function makeWorldModel(
  folder: string,
  { twin, recipe: changes, corpus: size = CORPUS_SIZE, world, checkpoint, threads }: PretrainingRequest,
  context: Pick<CallContext, "progress" | "signal">,
): Promise<{ loss: number; tokens: number }> {
  const recipe = { ...EMBEDDED_RECIPE, ...changes };
  const writing = context.progress.start("corpus");
  const corpus = makeCorpus({ twin, size, ...(world !== undefined && { world }) });
  writing.end();
  await mkdir(folder, { recursive: true });
  const texts = corpus.map((document) => document.map(({ text }) => text).join(""));
  await writeTokenizer(folder, trainBytePairs(texts, recipe.vocabulary - 2), recipe.context);
  const tokenizer = await loadTokenizer(folder, [END_TOKEN]);
  const vocabulary = tokenizer.vocabularySize;
  const raw = rawConfig(recipe, vocabulary);
  const config = parseConfig(raw, join(folder, "config.json"));
  const rows = corpus.map((document) => tokensOf(tokenizer, document));
  const { weights, report } = await pretrain(
    config,
    rows,
    {
      batchSize: recipe.batchSize,
      rowLength: recipe.rowLength,
      epochs: recipe.epochs,
      learningRate: recipe.learningRate,
      weightDecay: 0.05,
      warmup: 0.03,
      ...(threads !== undefined && { threads }),
      ...(checkpoint !== undefined && { checkpoint }),
    },
    Random.fromSeed(`pretraining/${recipe.seed}`),
    context,
  );
  await writeCheckpoint(folder, config, (name) => weights[name].data as Float32Array, {
    rawConfig: raw,
    type: "F16",
  });
  await writeJson(join(folder, "generation_config.json"), {
    bos_token_id: BEGIN_TOKEN,
    eos_token_id: END_TOKEN,
    pad_token_id: END_TOKEN,
  });
  return {
    loss: report.epochs.at(-1)?.loss ?? NaN,
    tokens: rows.reduce((sum, { tokens }) => sum + tokens.length, 0),
  };
}

/** A document between the begin and the end token, piece by piece. */
function tokensOf(tokenizer: FolderTokenizer, document: Document): WeightedTokens {
  const tokens = [BEGIN_TOKEN];
  const weights = [0];
  for (const { text, weight } of document) {
    const piece = tokenizer.encode(text);
    tokens.push(...piece);
    for (let n = 0; n < piece.length; n++) weights.push(weight);
  }
  tokens.push(END_TOKEN);
  weights.push(1);
  return { tokens, weights };
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
