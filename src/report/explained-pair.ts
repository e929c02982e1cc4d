import type { ExplainedPair } from "../experiment/explain-pair.js";

/** Items of each list that are named. */
const MOST_NAMED = 6;

/** One pair's predictions and explanations, for a person. */
export function renderExplainedPair({
  user,
  item,
  target,
  liked,
  disliked,
  liking,
  answers,
}: ExplainedPair): string {
  const list = (items: readonly string[]) =>
    items.length === 0
      ? "nothing"
      : items.slice(0, MOST_NAMED).join(", ") +
        (items.length > MOST_NAMED ? `, and ${items.length - MOST_NAMED} earlier ones` : "");
  return [
    `user ${user}, item ${item}: ${target}`,
    `liked before: ${list(liked)}`,
    `disliked before: ${list(disliked)}`,
    ...(liking === null ? [] : [`what came of it: ${liking ? "liked" : "not liked"}`]),
    ...answers.flatMap(({ recommender, probability, explanation }) => [
      "",
      `${recommender}: ${(100 * probability).toFixed(1)} % likely to like it`,
      `  ${explanation === "" ? "(no explanation)" : explanation}`,
    ]),
  ].join("\n");
}
