import type { Tokenizer } from "../../llm/language-model.js";
import type { BytePairs } from "../../llm/tokenizer-training/byte-level-bpe.js";
import { BEGIN_TOKEN, END_TOKEN, FIRST_TOKEN } from "../../llm/tokenizer-training/tokenizer-files.js";
import type { WeightedTokens } from "../../llm/training/pretrain.js";
import type { Document } from "./document.js";

/** A document between the begin and the end token. It is cut into tokens as a whole, as it will be read; a token weighs as its first byte. */
export function weightedTokens(tokenizer: Tokenizer, pairs: BytePairs, document: Document): WeightedTokens {
  const tokens = tokenizer.encode(document.map(({ text }) => text).join(""));
  const ends: number[] = [];
  for (const { text } of document) ends.push((ends.at(-1) ?? 0) + Buffer.byteLength(text));
  let [at, piece] = [0, 0];
  const weights = tokens.map((token) => {
    while (at >= ends[piece]) piece++;
    // Each symbol of the byte alphabet is one byte.
    at += pairs.tokens[token - FIRST_TOKEN].length;
    return document[piece].weight;
  });
  return { tokens: [BEGIN_TOKEN, ...tokens, END_TOKEN], weights: [0, ...weights, 1] };
}
