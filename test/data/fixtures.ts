import type { Dataset } from "../../src/data/dataset.js";

/** A data set of bare interactions: `[user, item, time?]` rows; tables are as large as the numbers need. */
export function datasetOf(rows: readonly (readonly number[])[], name = "fixture"): Dataset {
  const size = (column: number) => Math.max(-1, ...rows.map((row) => row[column])) + 1;
  const items = Array.from({ length: size(1) }, (_, i) => `i${i}`);
  return {
    name,
    users: { keys: Array.from({ length: size(0) }, (_, u) => `u${u}`), attributes: {} },
    items: {
      keys: items,
      titles: items.map((key) => `Title of ${key}`),
      texts: {},
      categoryNames: [],
      categories: items.map(() => []),
      attributes: {},
    },
    interactions: {
      users: Int32Array.from(rows, (row) => row[0]),
      items: Int32Array.from(rows, (row) => row[1]),
      values: null,
      times: rows.every((row) => row.length > 2) ? Float64Array.from(rows, (row) => row[2]) : null,
    },
    notes: [],
    history: [],
  };
}

/** Every pair of `users` x `items` for which `keep` holds, with times 0, 1, 2, ... in that order. */
export function gridDataset(
  users: number,
  items: number,
  keep: (user: number, item: number) => boolean,
): Dataset {
  const rows: number[][] = [];
  for (let user = 0; user < users; user++) {
    for (let item = 0; item < items; item++) if (keep(user, item)) rows.push([user, item, rows.length]);
  }
  return datasetOf(rows);
}
