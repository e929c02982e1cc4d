import { throwIfInterrupted } from "../../core/errors.js";
import { sha256 } from "../../core/hash.js";
import { Random } from "../../core/random.js";
import type { CallContext, GenerateOptions, Generation } from "../language-model.js";
import { type BatchLimits, equalLengthBatches, paddedBatches } from "./batches.js";
import type { Decoder } from "./decoder.js";
import { drawToken } from "./sampler.js";
import { buildTokenTrie, type Closed, closeSequences, openMoves, type TokenTrie } from "./token-trie.js";
import type { FolderTokenizer } from "./tokenizer.js";

/** How prompts of different lengths share a batch: not at all, or padded on the left (faster, but not bit for bit the same). */
export type Batching = "equal-length" | "padded";

/** One prompt on its way to its answer. */
interface Row {
  readonly index: number;
  readonly prompt: readonly number[];
  readonly random: Random;
  readonly tokens: number[];
  readonly logProbs: number[];
  /** Where the answer stands among the allowed ones. */
  place: TokenTrie | undefined;
  /** Which of them must not be its own. */
  readonly closed: Closed | undefined;
  text: string | undefined;
  done: boolean;
}

/** The generator of a row's draws: it depends on seed and prompt alone, so an answer doesn't depend on its batch or on a resume. */
export function rowRandom(seed: number, renderedPrompt: string): Random {
  return Random.fromSeed(`generate/${seed}/${sha256(renderedPrompt)}`);
}

/**
 * Generates for rendered prompts, in batches of equal token length (or padded). A row ends at its first end token, at a stop text, at a
 * whole allowed text that can't go on, or at the limit.
 */
export async function generateRows(
  decoder: Decoder,
  tokenizer: FolderTokenizer,
  prompts: readonly { readonly rendered: string; readonly tokens: readonly number[] }[],
  options: GenerateOptions,
  { batching, limits }: { batching: Batching; limits: BatchLimits },
  context: CallContext,
  each: (index: number, answer: Generation) => void,
): Promise<void> {
  const trie = options.allowed && allowedTrie(tokenizer, options.allowed);
  const closed = trie && options.excluded && closer(tokenizer, trie, options.excluded);
  const lengths = prompts.map((prompt) => prompt.tokens.length);
  const makeBatches = batching === "padded" ? paddedBatches : equalLengthBatches;
  const batches = makeBatches(lengths, options.maxNewTokens, limits);
  const step = context.progress.start("generating", prompts.length);
  let done = 0;
  for (const batch of batches) {
    throwIfInterrupted(context.signal);
    const rows = batch.map((index): Row => {
      const seed = typeof options.seed === "object" ? options.seed[index] : (options.seed ?? 0);
      const { rendered, tokens } = prompts[index];
      const random = rowRandom(seed, rendered);
      return {
        index,
        prompt: tokens,
        random,
        tokens: [],
        logProbs: [],
        place: trie,
        closed: closed?.(index),
        text: undefined,
        done: false,
      };
    });
    const began = performance.now();
    await generateBatch(decoder, tokenizer, rows, options, context);
    const seconds = (performance.now() - began) / 1000 / rows.length;
    for (const row of rows) each(row.index, answerOf(row, tokenizer, seconds));
    done += batch.length;
    step.update(done);
  }
  step.end();
}

async function generateBatch(
  decoder: Decoder,
  tokenizer: FolderTokenizer,
  rows: readonly Row[],
  options: GenerateOptions,
  context: CallContext,
): Promise<void> {
  const longest = Math.max(...rows.map((row) => row.prompt.length));
  const padding = rows.map((row) => longest - row.prompt.length);
  const pad = tokenizer.padToken;
  const inputs = rows.map((row, i) => [...new Array<number>(padding[i]).fill(pad), ...row.prompt]);
  const choose = (r: number, logits: Float32Array) => {
    // A run blocks everything else, so this is where Ctrl-C is noticed.
    throwIfInterrupted(context.signal);
    const row = rows[r];
    extendRow(row, logits, tokenizer, options);
    return row.done ? undefined : row.tokens.at(-1);
  };
  await decoder.generate(inputs, options.maxNewTokens, choose, padding);
}

function extendRow(
  row: Row,
  logits: Float32Array,
  tokenizer: FolderTokenizer,
  options: GenerateOptions,
): void {
  const allowed = row.place && allowedTokens(row.place, row.closed, tokenizer.endTokens);
  const sampling = { temperature: options.temperature ?? 0, topP: options.topP ?? 1 };
  const { token, logProb } = drawToken(logits, sampling, row.random, allowed);
  row.tokens.push(token);
  row.logProbs.push(logProb);
  if (row.place !== undefined) {
    const next = row.place.children.get(token);
    // Not among the children: the end token after a whole text that others extend.
    if (next === undefined) row.done = true;
    else {
      row.place = next;
      row.done = openMoves(next, row.closed).tokens.length === 0;
    }
    return;
  }
  if (tokenizer.endTokens.includes(token)) row.done = true;
  else if (options.stop !== undefined && options.stop.length > 0) {
    const text = tokenizer.decode(row.tokens);
    const cut = firstStop(text, options.stop);
    if (cut >= 0) {
      row.text = text.slice(0, cut);
      row.done = true;
    }
  }
}

function answerOf(row: Row, tokenizer: FolderTokenizer, seconds: number): Generation {
  return {
    text: row.text ?? tokenizer.decode(row.tokens),
    finish: row.done ? "stop" : "length",
    usage: { promptTokens: row.prompt.length, completionTokens: row.tokens.length, seconds, usd: null },
    tokens: row.tokens,
    logProbs: row.logProbs,
  };
}

/** Where the earliest of the stop texts begins; -1 for none. */
export function firstStop(text: string, stops: readonly string[]): number {
  let first = -1;
  for (const stop of stops) {
    const at = text.indexOf(stop);
    if (at >= 0 && (first < 0 || at < first)) first = at;
  }
  return first;
}

function allowedTrie(tokenizer: FolderTokenizer, texts: readonly string[]): TokenTrie {
  if (texts.length === 0) throw new RangeError("generate: the list of allowed answers is empty");
  const sequences = texts.map((text) => tokenizer.encode(text));
  if (sequences.some((tokens) => tokens.length === 0)) {
    throw new RangeError("generate: an allowed answer is empty");
  }
  return buildTokenTrie(sequences);
}

/** The closed texts of each prompt; a text is tokenised once. */
function closer(
  tokenizer: FolderTokenizer,
  trie: TokenTrie,
  excluded: readonly (readonly string[])[],
): (index: number) => Closed {
  const known = new Map<string, readonly number[]>();
  const encode = (text: string) => {
    let tokens = known.get(text);
    if (tokens === undefined) known.set(text, (tokens = tokenizer.encode(text)));
    return tokens;
  };
  return (index) => {
    const closed = closeSequences(trie, excluded[index].map(encode));
    if ((closed.get(trie) ?? 0) < trie.ends) return closed;
    throw new RangeError(`generate: every allowed answer to prompt ${index} is excluded`);
  };
}

function allowedTokens(place: TokenTrie, closed: Closed | undefined, endTokens: readonly number[]): number[] {
  const { tokens, mayEnd } = openMoves(place, closed);
  if (mayEnd && endTokens.length > 0) tokens.push(endTokens[0]);
  return tokens;
}
