import type { PluginMetric } from "llmrec-bench";

/** How many different first letters the titles of a list have, per place. */
export const titleVariety: PluginMetric = {
  name: "title-variety",
  title: "Title variety",
  better: "higher",
  formula: "different first letters of the list's titles / length of the list",
  main: true,
  ofList: ({ list, items }) =>
    new Set(Array.from(list, (item) => items.titles[item].charAt(0))).size / list.length,
};
