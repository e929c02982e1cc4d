import { hashOf } from "../../core/hash.js";
import type { ChatMessage, ChoiceQuestion, GenerateOptions, Prompt } from "../language-model.js";

/** Everything that an answer depends on, apart from the model. What changes nothing is left out, so that equal questions are equal. */
export type RecordedRequest =
  | {
      readonly op: "generate";
      readonly prompt: readonly ChatMessage[];
      readonly maxNewTokens: number;
      readonly temperature: number;
      readonly topP?: number;
      readonly seed?: number;
      readonly stop?: readonly string[];
      /** Hash of the sorted list. */
      readonly allowed?: string;
      /** The same of those that must not be answered. */
      readonly excluded?: string;
    }
  | {
      readonly op: "choose";
      readonly prompt: readonly ChatMessage[];
      readonly continuations: readonly string[];
    };

/** A text is one user message: so a recording says the same whoever asked. */
export function messagesOf(prompt: Prompt): readonly ChatMessage[] {
  return typeof prompt === "string" ? [{ role: "user", content: prompt }] : prompt;
}

/** SHA-256 of a prompt alone: what an error names, and what an answer from elsewhere is found by. */
export function promptHash(prompt: Prompt): string {
  return hashOf(messagesOf(prompt).map(({ role, content }) => ({ role, content })));
}

/** The request of one prompt among several. */
export function generateRequest(prompt: Prompt, options: GenerateOptions, index: number): RecordedRequest {
  const { maxNewTokens, temperature = 0, topP = 1, stop = [], seed = 0, allowed } = options;
  const excluded = allowed === undefined ? undefined : options.excluded?.[index];
  const draws = temperature !== 0;
  return {
    op: "generate",
    prompt: messagesOf(prompt),
    maxNewTokens,
    temperature,
    ...(draws && topP !== 1 ? { topP } : {}),
    ...(draws ? { seed: typeof seed === "object" ? seed[index] : seed } : {}),
    ...(stop.length > 0 ? { stop } : {}),
    ...(allowed === undefined ? {} : { allowed: hashOf([...new Set(allowed)].sort()) }),
    ...(excluded === undefined ? {} : { excluded: hashOf([...new Set(excluded)].sort()) }),
  };
}

/** The request of one question. */
export function chooseRequest({ prompt, continuations }: ChoiceQuestion): RecordedRequest {
  return { op: "choose", prompt: messagesOf(prompt), continuations };
}
