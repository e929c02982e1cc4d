import { itemLine, type ItemTable } from "../../data/dataset.js";
import type { CtrCase, CtrRows, CtrTraining } from "../../tasks/ctr.js";
import { explanationPrompt } from "../prompts/explanation.js";
import { judgementPrompt } from "../prompts/judgement.js";

/** A pair and what is known of its user before it. There is no label here, so no prompt can tell it. */
export type ExplainedCase = Pick<CtrCase, "user" | "item" | "liked" | "disliked">;

/** Training or validation pairs as cases: histories are strictly earlier than the pair. */
export function casesOf(
  { historyBefore }: Pick<CtrTraining, "historyBefore">,
  { users, items, times }: Omit<CtrRows, "labels">,
  positions: Iterable<number> = users.keys(),
): ExplainedCase[] {
  return Array.from(positions, (n) => ({
    user: users[n],
    item: items[n],
    ...historyBefore(users[n], times[n]),
  }));
}

/** The request for a case's explanation, with the newest `shown` liked and as many disliked items. */
export function generationPrompt(items: ItemTable, one: ExplainedCase, shown: number): string {
  return explanationPrompt(
    newest(items, one.liked, shown),
    newest(items, one.disliked, shown),
    itemLine(items, one.item),
  );
}

/** The question whether the user will like the item, straight from the newest `shown` liked items: no explanation. */
export function zeroShotPrompt(items: ItemTable, { liked, item }: ExplainedCase, shown: number): string {
  return judgementPrompt(newest(items, liked, shown), itemLine(items, item));
}

function newest(items: ItemTable, list: Int32Array, shown: number): string[] {
  return Array.from(list.subarray(0, shown), (item) => itemLine(items, item));
}
