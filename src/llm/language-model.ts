import type { CostMeter } from "../core/cost.js";
import { ProviderError } from "../core/errors.js";
import type { Progress } from "../core/progress.js";

/** One turn of a chat. */
export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/**
 * What a model is asked. A string is continued as it is by a model without a chat template, and is one user message to a model that
 * has one (and to a server); a list of messages needs a chat template or a server.
 */
export type Prompt = string | readonly ChatMessage[];

/** What a run lends to every call; a recommender's RunContext is one. */
export interface CallContext {
  readonly cost: CostMeter;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export interface GenerateOptions {
  readonly maxNewTokens: number;
  /** 0 is greedy (ties: the smallest token id). Default 0. */
  readonly temperature?: number;
  /** Sample from the smallest set of tokens whose probabilities sum to at least this, in (0, 1]. Default 1. */
  readonly topP?: number;
  /** The answer ends before the first of these texts. */
  readonly stop?: readonly string[];
  /**
   * A draw depends on the seed and the prompt alone, never on the batch. One for all prompts, or one for each: equal prompts with
   * equal seeds give equal answers. Default 0.
   */
  readonly seed?: number | readonly number[];
  /** Only these texts may be answered, each in full (constrained decoding along their tokens). */
  readonly allowed?: readonly string[];
  /** For each prompt some of the allowed texts that must not be its answer; others are ignored. At least one must stay. */
  readonly excluded?: readonly (readonly string[])[];
}

/** Why an answer ended: by itself (end token, stop text, a whole allowed text), at the length limit, or because its call failed. */
export type FinishReason = "stop" | "length" | "error";

/** What one call took. */
export interface Usage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Wall-clock; a call that shared a batch has its share. */
  readonly seconds: number;
  /** Null where no price is known. */
  readonly usd: number | null;
}

export interface Generation {
  readonly text: string;
  readonly finish: FinishReason;
  readonly usage: Usage;
  /** The answer's token ids, end token included; null where a server does not tell them. */
  readonly tokens: readonly number[] | null;
  /** Log-probability of each token under the distribution that it was drawn from (temperature 1 and all tokens if greedy); null where unknown. */
  readonly logProbs: readonly number[] | null;
}

/** One prompt and the texts that might follow it. */
export interface ChoiceQuestion {
  readonly prompt: Prompt;
  readonly continuations: readonly string[];
}

export interface Choice {
  /**
   * For each continuation the log-probability of its tokens after the prompt, summed over tokens (natural logarithm, not normalised
   * by length).
   */
  readonly logProbs: readonly number[];
  readonly usage: Usage;
}

/** One row of floats a text, row-major. */
export interface Vectors {
  readonly rows: number;
  readonly width: number;
  readonly data: Float32Array;
}

/** Which model gave an answer: enough to tell two of them apart, and nothing secret. */
export interface ModelIdentity {
  /** As a person would say it: `embedded`, `Qwen/Qwen2.5-0.5B-Instruct`, `gpt-x @ https://host/v1`. */
  readonly name: string;
  /** SHA-256 over weights, tokenizer and adapter; for a server over its address and the model's name. */
  readonly hash: string;
}

/** Text to token ids and back. */
export interface Tokenizer {
  readonly vocabularySize: number;
  /** Tokens that end an answer. */
  readonly endTokens: readonly number[];
  readonly hasChatTemplate: boolean;
  /** @param special - add the model's own opening tokens (default false). */
  encode(text: string, options?: { special?: boolean }): number[];
  /** Special tokens are left out of the text. */
  decode(tokens: readonly number[]): string;
  /** The text that the model sees: a chat template applied, ready for the answer. */
  render(prompt: Prompt): string;
  /** Token ids of a rendered prompt, opening tokens included exactly once. */
  encodePrompt(prompt: Prompt): number[];
}

/** The operations by name, as errors and docs say them. */
export type Operation =
  "generate" | "choose" | "embed" | "encode" | "tokenEmbeddings" | "tokenizer" | "finetune";

/**
 * Everything that a method asks of a language model. Results come in the order of the prompts. `each` is called as soon as an answer is
 * known, in any order, so that a stopped run keeps what it paid for.
 */
export interface LanguageModel {
  readonly identity: ModelIdentity;
  /** The most tokens of prompt and answer together; null where a server does not tell. */
  readonly contextLength: number | null;
  supports(operation: Operation): boolean;
  generate(
    prompts: readonly Prompt[],
    options: GenerateOptions,
    context: CallContext,
    each?: (index: number, answer: Generation) => void,
  ): Promise<Generation[]>;
  choose(
    questions: readonly ChoiceQuestion[],
    context: CallContext,
    each?: (index: number, choice: Choice) => void,
  ): Promise<Choice[]>;
  /** The mean of the last layer's states (after the final norm) over a text's tokens. */
  embed(texts: readonly string[], context: CallContext): Promise<Vectors>;
  /** The last layer's state (after the final norm) at a text's last token. */
  encode(texts: readonly string[], context: CallContext): Promise<Vectors>;
  /** The input embedding of every token: `[vocabulary, width]`. */
  tokenEmbeddings(): Promise<Vectors>;
  tokenizer(): Promise<Tokenizer>;
  /** Frees sessions and connections. The model can't be used afterwards. */
  close(): Promise<void>;
}

/** Adds one call to a cost meter. */
export function charge(cost: CostMeter, { promptTokens, completionTokens, usd }: Usage): void {
  cost.addCalls({ calls: 1, promptTokens, completionTokens, usd: usd ?? undefined });
}

/** The error of an operation that a kind of model can't do: says what can. */
export function unsupported(model: ModelIdentity, operation: Operation, instead: string): ProviderError {
  return new ProviderError("UNSUPPORTED_OPERATION", `${model.name} can't do "${operation}"`, {
    hint: instead,
  });
}
