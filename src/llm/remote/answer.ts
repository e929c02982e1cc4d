import { z } from "zod";
import { AttemptFailure } from "./failure.js";

const TokenLogProb = z.object({ token: z.string(), logprob: z.number() });

/** The part of a chat completion that is used. A server that leaves out more, or sends other types, is not believed. */
const Completion = z.object({
  model: z.string().optional(),
  choices: z
    .array(
      z.object({
        finish_reason: z.string().nullish(),
        message: z.object({ content: z.string().nullish() }),
        logprobs: z
          .object({
            content: z.array(TokenLogProb.extend({ top_logprobs: z.array(TokenLogProb) })).nullish(),
          })
          .nullish(),
      }),
    )
    .min(1),
  usage: z.object({ prompt_tokens: z.number(), completion_tokens: z.number() }).nullish().catch(undefined),
});

/** Log-probabilities of the likeliest first tokens. */
export type TopLogProbs = readonly { readonly token: string; readonly logprob: number }[];

export interface RemoteAnswer {
  readonly text: string;
  readonly finish: "stop" | "length";
  /** Which model the server says that it used. */
  readonly servedModel: string | undefined;
  /** Undefined where the server didn't tell, or told nonsense. */
  readonly tokens: { readonly prompt: number; readonly completion: number } | undefined;
  /** Undefined where the server gave none. */
  readonly firstToken: TopLogProbs | undefined;
}

/**
 * Checks a server's answer.
 * @throws AttemptFailure (worth another try) where it isn't a chat completion, or claims impossible probabilities.
 */
export function parseAnswer(body: unknown): RemoteAnswer {
  const parsed = Completion.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue.path.join(".") || "the answer";
    throw new AttemptFailure(`not a chat completion: ${where}: ${issue.message}`, true);
  }
  const [choice] = parsed.data.choices;
  if (choice.finish_reason === "content_filter") {
    throw new AttemptFailure("the server withheld its answer (content_filter)", false);
  }
  const { usage } = parsed.data;
  const isCount = (n: number) => Number.isSafeInteger(n) && n >= 0;
  const believed =
    usage && usage.prompt_tokens > 0 && isCount(usage.prompt_tokens) && isCount(usage.completion_tokens);
  return {
    text: choice.message.content ?? "",
    finish: choice.finish_reason === "length" ? "length" : "stop",
    servedModel: parsed.data.model,
    tokens: believed ? { prompt: usage.prompt_tokens, completion: usage.completion_tokens } : undefined,
    firstToken: checkLogProbs(choice.logprobs?.content?.[0]),
  };
}

function checkLogProbs(
  first: { token: string; logprob: number; top_logprobs: TopLogProbs } | undefined,
): TopLogProbs | undefined {
  if (first === undefined) return undefined;
  const top = first.top_logprobs.length > 0 ? first.top_logprobs : [first];
  const sum = top.reduce((total, { logprob }) => total + Math.exp(logprob), 0);
  if (top.some(({ logprob }) => !(logprob <= 1e-6)) || sum > 1.01) {
    throw new AttemptFailure(`impossible log-probabilities: they sum to ${sum.toFixed(3)}`, true);
  }
  return top;
}

/**
 * Log-probabilities of continuations from those of the likeliest first tokens: a continuation's is the sum over the tokens that it, and
 * no other one, begins with (blanks at the ends aside). One that isn't among them gets the most that it can have: the
 * smaller of the last listed probability and what the listed ones leave.
 * @returns undefined where no continuation is among the listed tokens, "ambiguous" where two begin with the same token.
 */
export function scoreContinuations(
  continuations: readonly string[],
  top: TopLogProbs,
): number[] | "ambiguous" | undefined {
  const texts = continuations.map((text) => text.trim());
  const mass = new Float64Array(texts.length);
  let listed = 0;
  let least = 1;
  for (const { token, logprob } of top) {
    const probability = Math.exp(logprob);
    listed += probability;
    least = Math.min(least, probability);
    const piece = token.trim();
    if (piece === "") continue;
    const fits = texts.flatMap((text, i) => (text.startsWith(piece) ? [i] : []));
    if (fits.length > 1) return "ambiguous";
    if (fits.length === 1) mass[fits[0]] += probability;
  }
  if (mass.every((value) => value === 0)) return undefined;
  const bound = Math.max(Number.MIN_VALUE, Math.min(least, 1 - listed));
  return Array.from(mass, (value) => Math.log(value === 0 ? bound : value));
}
