import type { Dataset } from "../../src/data/dataset.js";
import { labelsOf, likeThreshold } from "../../src/data/likes.js";
import { readDataset } from "../../src/data/readers/index.js";
import { openWorld } from "../../src/data/world/open.js";
import { type Fields, fieldsOf } from "../../src/recommenders/ctr/fields.js";
import type { CtrRows } from "../../src/tasks/ctr.js";

/** A folder's data set, or an embedded world: `world:USERS,FILMS,INTERACTIONS`. */
export async function openData(spec: string): Promise<Dataset> {
  if (!spec.startsWith("world:")) return readDataset({ path: spec });
  const [users, films, interactions] = spec.slice("world:".length).split(",").map(Number);
  return openWorld({ size: { users, films, interactions, dialogues: 0 } });
}

/** Labelled pairs without times. */
export function labelledRows(users: Int32Array, items: Int32Array, labels: ArrayLike<number>): CtrRows {
  return { users, items, labels: Float32Array.from(labels), times: new Float64Array(users.length) };
}

const NO_ROWS = labelledRows(new Int32Array(0), new Int32Array(0), []);

/** What a click-through model learns from. */
export function clickTraining(dataset: Dataset, rows: CtrRows) {
  return {
    users: dataset.users,
    items: dataset.items,
    rows,
    validation: NO_ROWS,
    historyBefore: () => ({ liked: new Int32Array(0), disliked: new Int32Array(0) }),
    historyLength: 0,
    hash: "peers",
  };
}

/** The likes of a data set, and the fields of all its pairs. */
export function likesAndFields(dataset: Dataset): { labels: ArrayLike<number>; fields: Fields } {
  const { users, items } = dataset.interactions;
  const labels = labelsOf(dataset, likeThreshold(dataset, undefined));
  return { labels, fields: fieldsOf(clickTraining(dataset, labelledRows(users, items, labels))) };
}
