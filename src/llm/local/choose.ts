import { throwIfInterrupted } from "../../core/errors.js";
import type { CallContext, Choice, ChoiceQuestion } from "../language-model.js";
import { type BatchLimits, equalLengthBatches } from "./batches.js";
import type { Decoder } from "./decoder.js";
import { logProbability } from "./sampler.js";
import type { FolderTokenizer } from "./tokenizer.js";

/** A question in tokens: what all its continuations share, and what each adds. */
export interface TokenQuestion {
  readonly prefix: readonly number[];
  readonly suffixes: readonly (readonly number[])[];
}

/**
 * Tokenises prompt and continuation together, as the model would have read them, and splits after the longest beginning that the prompt
 * and all its continuations have in common. So a token that crosses the border (Llama's " Yes" after "Answer:") is scored, not cut.
 */
export function splitQuestion(tokenizer: FolderTokenizer, question: ChoiceQuestion): TokenQuestion {
  const rendered = tokenizer.render(question.prompt);
  const prompt = tokenizer.encodeRendered(rendered);
  const whole = question.continuations.map((text) => tokenizer.encodeRendered(rendered + text));
  let shared = prompt.length;
  for (const tokens of whole) {
    let same = 0;
    while (same < shared && same < tokens.length - 1 && tokens[same] === prompt[same]) same++;
    shared = same;
  }
  if (whole.length === 0) throw new RangeError("choose: a question has no continuations");
  if (shared === 0) throw new RangeError("choose: the prompt has no token that all continuations share");
  return { prefix: prompt.slice(0, shared), suffixes: whole.map((tokens) => tokens.slice(shared)) };
}

/**
 * Log-probabilities of every question's continuations. The shared prefix of a question runs once; the cache is then copied
 * for its longer continuations, which run in batches of equal length.
 */
export async function chooseRows(
  decoder: Decoder,
  questions: readonly TokenQuestion[],
  limits: BatchLimits,
  context: CallContext,
  each: (index: number, choice: Choice) => void,
): Promise<void> {
  const lengths = questions.map(({ prefix }) => prefix.length);
  const longest = Math.max(0, ...questions.flatMap(({ suffixes }) => suffixes.map((s) => s.length)));
  const step = context.progress.start("judging", questions.length);
  let done = 0;
  for (const batch of equalLengthBatches(lengths, longest, limits)) {
    throwIfInterrupted(context.signal);
    const members = batch.map((index) => questions[index]);
    const began = performance.now();
    const results = await chooseBatch(decoder, members, limits, context);
    const seconds = (performance.now() - began) / 1000 / batch.length;
    batch.forEach((index, i) => {
      const { prefix, suffixes } = questions[index];
      const completionTokens = suffixes.reduce((sum, suffix) => sum + suffix.length, 0);
      const usage = { promptTokens: prefix.length, completionTokens, seconds, usd: null };
      each(index, { logProbs: results[i], usage });
    });
    done += batch.length;
    step.update(done);
  }
  step.end();
}

async function chooseBatch(
  decoder: Decoder,
  questions: readonly TokenQuestion[],
  limits: BatchLimits,
  context: CallContext,
): Promise<number[][]> {
  const longest = Math.max(...questions.flatMap(({ suffixes }) => suffixes.map((suffix) => suffix.length)));
  const first = await decoder.forward(
    questions.map(({ prefix }) => prefix),
    // The first token of a continuation needs no cache, and Yes and No have no other.
    longest > 1 ? { keep: 1, room: longest - 1 } : { keep: 1 },
  );
  const scores = questions.map(({ suffixes }, q) => {
    const logits = first.logits.subarray(q * first.vocabulary, (q + 1) * first.vocabulary);
    return suffixes.map((suffix) => logProbability(logits, suffix[0]));
  });
  const pairs = questions.flatMap(({ suffixes }, q) => suffixes.map((suffix, c) => ({ q, c, suffix })));
  const longer = pairs.filter(({ suffix }) => suffix.length > 1);
  const groups = equalLengthBatches(
    longer.map(({ suffix }) => suffix.length),
    questions[0].prefix.length,
    limits,
  );
  for (const group of groups) {
    throwIfInterrupted(context.signal);
    const rows = group.map((i) => longer[i]);
    let cache = first.cache!.select(rows.map(({ q }) => q));
    // One token at a time: the runtime's attention takes several rows with a cache only so.
    for (let t = 1; t < rows[0].suffix.length; t++) {
      const step = await decoder.forward(
        rows.map(({ suffix }) => [suffix[t - 1]]),
        { keep: 1, cache },
      );
      cache = step.cache!;
      rows.forEach(({ q, c, suffix }, row) => {
        const logits = step.logits.subarray(row * step.vocabulary, (row + 1) * step.vocabulary);
        scores[q][c] += logProbability(logits, suffix[t]);
      });
    }
  }
  return scores;
}
