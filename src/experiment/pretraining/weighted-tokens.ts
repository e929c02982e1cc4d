import type { Tokenizer } from "../../llm/language-model.js";
import type { BytePairs } from "../../llm/tokenizer-training/byte-level-bpe.js";
import { BEGIN_TOKEN, END_TOKEN, FIRST_TOKEN } from "../../llm/tokenizer-training/tokenizer-files.js";
import type { WeightedTokens } from "../../llm/training/pretrain.js";
import type { Document } from "./document.js";

/** The bytes that each token of a trained tokenizer spells, by the token's number less {@link FIRST_TOKEN}. */
export function tokenLengths({ tokens }: BytePairs, names: readonly string[]): Int32Array {
  // Each symbol of the byte alphabet is one byte.
  return Int32Array.from([...tokens.map((token) => token.length), ...names.map((n) => Buffer.byteLength(n))]);
}

/**
 * A document between the begin and the end token. It is cut into tokens as a whole, as it will be read; a token weighs as its first byte.
 * @param lengths - from {@link tokenLengths}.
 */
export function weightedTokens(
  tokenizer: Tokenizer,
  lengths: Int32Array,
  document: Document,
): WeightedTokens {
  const tokens = tokenizer.encode(document.map(({ text }) => text).join(""));
  const ends: number[] = [];
  for (const { text } of document) ends.push((ends.at(-1) ?? 0) + Buffer.byteLength(text));
  let [at, piece] = [0, 0];
  const weights = tokens.map((token) => {
    while (at >= ends[piece]) piece++;
    at += lengths[token - FIRST_TOKEN];
    return document[piece].weight;
  });
  return { tokens: [BEGIN_TOKEN, ...tokens, END_TOKEN], weights: [0, ...weights, 1] };
}
