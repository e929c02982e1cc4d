import { ProviderError } from "../../../core/errors.js";
import { silentProgress } from "../../../core/progress.js";
import type { Random } from "../../../core/random.js";
import type { CallContext, GenerateOptions, LanguageModel, Prompt } from "../../language-model.js";
import type { TrainingRow } from "../batches.js";

/** An answer as the reward sees it. */
export interface PpoAnswer {
  /** Which of the prompts it answers. */
  readonly prompt: number;
  /** May be empty: the policy may end an answer at once. */
  readonly text: string;
}

/** An answer with its tokens. */
export interface Rollout extends PpoAnswer {
  /** Prompt and answer; learnt from the answer's first token on. */
  readonly row: TrainingRow;
  /** log p of the answer's tokens as they were drawn. */
  readonly sampledLogProbs: readonly number[];
  readonly isCut: boolean;
}

/** Which prompts a step answers: all of them in a new order in each pass, so that none comes twice before all have come once. */
export function promptsOfStep(count: number, batchSize: number, step: number, random: Random): number[] {
  const orders = new Map<number, Int32Array>();
  return Array.from({ length: batchSize }, (_, i) => {
    const at = (step - 1) * batchSize + i;
    const pass = Math.floor(at / count);
    let order = orders.get(pass);
    if (order === undefined) orders.set(pass, (order = random.fork(`order/${pass}`).permutation(count)));
    return order[at % count];
  });
}

/**
 * Draws one answer for each chosen prompt from the model as it is, at temperature 1 and from all tokens: from any other distribution
 * the ratios of PPO would be wrong.
 * @param random - of this step.
 */
export async function rollOut(
  model: LanguageModel,
  prompts: readonly Prompt[],
  chosen: readonly number[],
  options: Pick<GenerateOptions, "maxNewTokens" | "stop">,
  random: Random,
  context: Omit<CallContext, "progress">,
): Promise<Rollout[]> {
  const tokenizer = await model.tokenizer();
  const seeds = chosen.map((_, i) => random.fork(`answer/${i}`).uint32());
  const asked = chosen.map((index) => prompts[index]);
  const answers = await model.generate(
    asked,
    { ...options, temperature: 1, topP: 1, seed: seeds },
    // The step has its own line of progress.
    { ...context, progress: silentProgress() },
  );
  return answers.map(({ text, tokens, logProbs, finish }, i) => {
    if (tokens === null || logProbs === null) {
      throw new ProviderError("NO_TOKENS", `${model.identity.name} does not tell its tokens`);
    }
    const prompt = tokenizer.encodePrompt(asked[i]);
    return {
      prompt: chosen[i],
      text,
      row: { tokens: [...prompt, ...tokens], from: prompt.length },
      sampledLogProbs: logProbs,
      isCut: finish === "length",
    };
  });
}
