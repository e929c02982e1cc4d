import { judgementQuestion } from "./judgement.js";

/** ExpCTR's request for an explanation: what a user liked and disliked, and the target. The model continues with one sentence. */
export function explanationPrompt(
  liked: readonly string[],
  disliked: readonly string[],
  target: string,
): string {
  return `Liked: ${listed(liked)}.\nDisliked: ${listed(disliked)}.\n${targetText(target)}`;
}

/** The end of an {@link explanationPrompt}, which is all that a reader of an explanation sees before it. */
export function targetText(target: string): string {
  return `Target: ${target}.\nExplanation:`;
}

/** The question to a reader of an explanation; Yes or No follows. */
export function explainedQuestion(target: string, explanation: string): string {
  return `${targetText(target)} ${explanation}\n${judgementQuestion(target)}`;
}

function listed(items: readonly string[]): string {
  return items.length === 0 ? "nothing" : items.join(", ");
}
