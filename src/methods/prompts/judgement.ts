/** The two answers of a judge, as they follow a {@link judgementPrompt}. */
export const YES = " Yes";
export const NO = " No";

/** What a user likes, in the words that all judgements begin with. Items are named as `itemLine` or `quotedTitle` does. */
export function preferenceText(liked: readonly string[]): string {
  return `User preference: ${liked.join(", ")}.`;
}

/** The question about a target, in the words that all judgements end with; {@link YES} or {@link NO} follows. */
export function judgementQuestion(target: string, noun = "film"): string {
  return `Whether the user will like the target ${noun} ${target}?`;
}

/**
 * ColdLLM's question (Huang and others 2025, "Refining simulation"): a user's history in words, then whether the user will like the target. A
 * model continues it with {@link YES} or {@link NO}.
 */
export function judgementPrompt(liked: readonly string[], target: string, noun = "film"): string {
  return `${preferenceText(liked)}\n${judgementQuestion(target, noun)}`;
}
