import type { ControlledListAnswers, ControlledListCase } from "../../tasks/controlled-list.js";
import type { Fitted } from "../recommender.js";
import { addListRanks } from "./combine.js";

/**
 * The items of highest summed reciprocal rank in the members' lists, equal ones by the member named first. A wish for
 * genres reaches the members, but nothing keeps the fused list to it.
 */
export function fuseLists(
  members: readonly Fitted<"controlled-list">[],
  items: number,
): Fitted<"controlled-list"> {
  return {
    async answer(cases: readonly ControlledListCase[], context) {
      const answers: ControlledListAnswers[] = [];
      for (const member of members) answers.push(await member.answer(cases, context));
      return cases.map(({ length }, row) => {
        const sums = new Float64Array(items);
        const lists = answers.map((lists) => lists[row].subarray(0, length));
        for (const list of lists) addListRanks(sums, list);
        const named = [...new Set(lists.flatMap((list) => Array.from(list)))].filter((item) => item >= 0);
        // Sorting is stable: of equal sums the one that was named first stays first.
        return Int32Array.from(named.sort((a, b) => sums[b] - sums[a]).slice(0, length));
      });
    },
  };
}
