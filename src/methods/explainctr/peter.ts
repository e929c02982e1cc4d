import { numpy as np } from "@jax-js/jax";
import { hashArrays, hashOf } from "../../core/hash.js";
import { Random } from "../../core/random.js";
import type { Tensor } from "../../engine/run/tensor.js";
import { int32 } from "../../engine/run/tensor.js";
import { program } from "../../engine/run/program.js";
import { type ModelConfig, parseConfig } from "../../llm/checkpoint/config.js";
import { expectedTensors } from "../../llm/checkpoint/tensors.js";
import { llamaLogits, llamaStates, type Weights } from "../../llm/training/llama.js";
import { pretrain, type WeightedTokens } from "../../llm/training/pretrain.js";
import { weightsArtifact } from "../../recommenders/weights.js";
import type { CtrTraining } from "../../tasks/ctr.js";
import type { TextsOf } from "./augmented.js";
import { casesOf, type ExplainedCase } from "./cases.js";
import { newest, rowsAt } from "./folds.js";
import type { PeterOptions } from "./options.js";
import { untrained, type Writer } from "./writers.js";

/** Special tokens: the end of a text (and padding), its begin, the two verdicts, and a word that is too rare. */
const END = 0;
const BEGIN = 1;
const DISLIKE = 2;
const LIKE = 3;
const RARE = 4;
const SPECIAL = 5;

/** Words that are known, most. */
const MOST_WORDS = 1_000;
/** Pairs that are explained at once. */
const ROWS = 64;

/** Numbers of users, items and words as tokens. */
export interface PeterTokens {
  readonly words: readonly string[];
  readonly size: number;
  user(user: number): number;
  item(item: number): number;
  encode(text: string): number[];
  decode(tokens: readonly number[]): string;
}

/**
 * PETER in the small (Li, Zhang and Chen, ACL 2021): a Transformer without any language knowledge reads a user's and an item's own embedding,
 * says its verdict, then words. It learns from the training pairs' labels and from the untrained language model's explanations of them, since there
 * are no reviews to learn from. A user or item of no explained pair has an embedding that nothing trained.
 */
export const peterWriter: Writer<PeterOptions> = async (train, options, context) => {
  const rows = rowsAt(train.rows, newest(train.rows, options.explained));
  const cases = casesOf(train, rows);
  const texts = await (await untrained(train, options, context))(cases, context);
  const tokens = peterTokens(train, texts);
  const longest = options.maxNewTokens + 4;
  const examples = cases.map(({ user, item }, n): WeightedTokens => {
    const words = tokens.encode(texts[n]).slice(0, options.maxNewTokens - 1);
    const verdict = rows.labels[n] === 1 ? LIKE : DISLIKE;
    return {
      tokens: [BEGIN, tokens.user(user), tokens.item(item), verdict, ...words, END],
      weights: [0, 0, 0, 1, ...words.map(() => 1), 1],
    };
  });
  const config = configOf(options, tokens.size, longest);
  const settings = {
    epochs: options.epochs,
    batchSize: options.batchSize,
    learningRate: options.learningRate,
  };
  const { value: weights } = await context.stages.run({
    name: "peter",
    version: 1,
    inputs: {
      config,
      settings,
      seed: context.seed,
      examples: hashArrays(examples.map((one) => Int32Array.from(one.tokens))),
      words: hashOf(tokens.words),
    },
    format: weightsArtifact(shapesOf(config)),
    async compute() {
      const trained = await pretrain(
        config,
        examples,
        { ...settings, rowLength: longest, weightDecay: 0.01, warmup: 0.05, label: "PETER" },
        Random.fromSeed(context.seed).fork("explainctr/peter"),
        context,
      );
      return trained.weights;
    },
  });
  return writing(config, weights, tokens, longest);
};

/** Words in lower case and marks, the commonest first; users and items of the training part's tables. */
export function peterTokens(
  { users, items }: Pick<CtrTraining, "users" | "items">,
  texts: readonly string[],
): PeterTokens {
  const counts = new Map<string, number>();
  for (const text of texts) for (const word of split(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const words = [...counts]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, MOST_WORDS)
    .map(([word]) => word);
  const numbers = new Map(words.map((word, n) => [word, SPECIAL + n]));
  const first = SPECIAL + words.length;
  return {
    words,
    size: first + users.keys.length + items.keys.length,
    user: (user) => first + user,
    item: (item) => first + users.keys.length + item,
    encode: (text) => split(text).map((word) => numbers.get(word) ?? RARE),
    decode: (tokens) =>
      tokens
        .flatMap((token) => (token >= SPECIAL && token < first ? words[token - SPECIAL] : []))
        .join(" ")
        .replace(/ (?=[.,:;?!)])/g, "")
        .replace(/(?<=\() /g, ""),
  };
}

function split(text: string): string[] {
  return text.match(/[\p{L}\p{N}'-]+|[^\s\p{L}\p{N}]/gu) ?? [];
}

function configOf({ headPairs, layers }: PeterOptions, vocabulary: number, length: number): ModelConfig {
  const width = 4 * headPairs;
  const raw = {
    ...{ architectures: ["LlamaForCausalLM"], model_type: "llama", vocab_size: vocabulary },
    ...{ hidden_size: width, intermediate_size: 3 * width, num_hidden_layers: layers },
    ...{ num_attention_heads: 2, num_key_value_heads: 2, hidden_act: "silu", rms_norm_eps: 1e-5 },
    ...{ rope_theta: 10_000, max_position_embeddings: length, tie_word_embeddings: true },
    ...{ bos_token_id: BEGIN, eos_token_id: END, pad_token_id: END },
  };
  return parseConfig(raw, "PETER");
}

/** Zeros in the shapes of the weights: what a file of them is checked against. */
function shapesOf(config: ModelConfig): Readonly<Record<string, Tensor>> {
  return Object.fromEntries(
    [...expectedTensors(config)].map(([name, shape]) => [
      name,
      { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) },
    ]),
  );
}

/** Greedy words after the greedy verdict; users and items are never said. */
function writing(
  config: ModelConfig,
  weights: Readonly<Record<string, Tensor>>,
  tokens: PeterTokens,
  length: number,
): TextsOf {
  const said = SPECIAL + tokens.words.length;
  return async (cases) => {
    const step = program(
      ({ parameters, batch }: { parameters: Weights; batch: Record<"tokens" | "places", np.Array> }) => {
        const states = llamaStates(config, parameters, batch.tokens);
        const flat = np.reshape(states, [ROWS * length, config.hiddenSize]);
        return { logits: llamaLogits(config, parameters, np.take(flat, batch.places, 0)) };
      },
      { name: "PETER" },
    );
    const texts: string[] = [];
    try {
      for (let from = 0; from < cases.length; from += ROWS) {
        const block = cases.slice(from, from + ROWS);
        const input = new Int32Array(ROWS * length);
        block.forEach(({ user, item }: ExplainedCase, row) => {
          input.set([BEGIN, tokens.user(user), tokens.item(item)], row * length);
        });
        for (let at = 2; at < length - 1; at++) {
          const places = Int32Array.from({ length: ROWS }, (_, row) => row * length + at);
          const batch = { tokens: int32(input, [ROWS, length]), places: int32(places) };
          const { logits } = await step.run({ parameters: weights, batch });
          const data = logits.data as Float32Array;
          const allowed: readonly [number, number] = at === 2 ? [DISLIKE, LIKE + 1] : [RARE, said];
          for (let row = 0; row < block.length; row++) {
            const ended = at > 3 && input[row * length + at] === END;
            const own = data.subarray(row * tokens.size, (row + 1) * tokens.size);
            input[row * length + at + 1] = ended ? END : best(own, allowed, at > 2);
          }
        }
        block.forEach((_, row) => {
          const words = input.subarray(row * length + 4, (row + 1) * length);
          const end = words.indexOf(END);
          texts.push(tokens.decode([...(end < 0 ? words : words.subarray(0, end))]));
        });
      }
    } finally {
      await step.release();
    }
    return texts;
  };
}

/** The likeliest of a range of tokens, or the end where it may end. */
function best(logits: Float32Array, [from, to]: readonly [number, number], mayEnd: boolean): number {
  let found = mayEnd ? END : from;
  for (let token = from; token < to; token++) if (logits[token] > logits[found]) found = token;
  return found;
}
