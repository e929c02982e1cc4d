import type { AddItemsResult, AddedItem } from "../experiment/coldllm-add-items.js";
import { fixed, integer, seconds } from "./numbers.js";

/** So many users of an item are named. */
const NAMED = 5;

/** What became of new items, for a terminal. */
export function renderAddedItems(result: AddItemsResult): string {
  const { secondsPerItem: each, untouched, demand, capacity } = result;
  const total = each.embed + each.filter + each.judge + each.update;
  const same = ([before, after]: readonly [string, string]) => (before === after ? "unchanged" : "CHANGED");
  return [
    ...result.items.map(itemLine),
    "",
    `per item: ${fixed(result.llmCallsPerItem, 1)} calls of the language model, ${seconds(total)} s ` +
      `(text ${seconds(each.embed)}, filter ${seconds(each.filter)}, judge ${seconds(each.judge)}, embedding ${seconds(each.update)})`,
    ...(result.searchRecall === null ? [] : [searchLine(result.searchRecall)]),
    `all other embeddings: ${same(untouched.embeddings)}, sha256 ${untouched.embeddings[1].slice(0, 16)}; ` +
      `the run's files: ${same(untouched.run)}, sha256 ${untouched.run[1].slice(0, 16)}`,
    `for ${integer(demand.itemsPerDay)} new items a day and ${integer(demand.users)} users: ` +
      `${integer(capacity.judgementsPerDay)} judgements a day, ${machines(capacity.machines)} like this one`,
    `without the filter: ${integer(capacity.withoutFilter.judgementsPerDay)} judgements a day, ` +
      `${machines(capacity.withoutFilter.machines)} (the filter saves ${integer(capacity.savedBy)} judgements for each that is made)`,
  ].join("\n");
}

function searchLine(recall: number): string {
  return `approximate search: ${fixed(100 * recall, 1)} % of the exact search's users found, on new items searched for both ways`;
}

function machines(count: number): string {
  return count === 1 ? "1 machine" : `${integer(count)} machines`;
}

function itemLine({ item, title, users }: AddedItem): string {
  const accepted = users.filter((user) => user.accepted).sort((a, b) => b.logOdds - a.logOdds);
  const named = accepted.slice(0, NAMED).map(({ user, logOdds }) => `${user} (${fixed(logOdds, 2)})`);
  const rest = accepted.length > NAMED ? `, and ${accepted.length - NAMED} more` : "";
  const who = accepted.length === 0 ? "nobody" : `${named.join(", ")}${rest}`;
  return `${item}${title === "" ? "" : ` "${title}"`}: ${accepted.length} of ${users.length} candidates accepted: ${who}`;
}
