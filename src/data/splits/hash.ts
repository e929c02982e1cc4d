import { hashArrays, hashOf } from "../../core/hash.js";
import type { Dataset } from "../dataset.js";
import type { Split } from "../split.js";

/** SHA-256 over everything that a recommender can see of a data set: ids, item text, genres, attributes, interactions. */
export function hashDataset(dataset: Dataset): string {
  const known = hashes.get(dataset) ?? computeHash(dataset);
  hashes.set(dataset, known);
  return known;
}

/** Data sets never change once made, and hashing a large one takes seconds. */
const hashes = new WeakMap<Dataset, string>();

function computeHash(dataset: Dataset): string {
  const { users, items, interactions } = dataset;
  const { users: userOf, items: itemOf, values, times } = interactions;
  const tables = hashOf({
    users,
    items: { ...items, attributes: textColumns(items.attributes) },
    dialogues: dataset.dialogues ?? null,
  });
  const arrays = [userOf, itemOf, values ?? new Float32Array(0), times ?? new Float64Array(0)];
  return hashOf({ tables, interactions: hashArrays(arrays) });
}

function textColumns(
  attributes: Dataset["items"]["attributes"],
): Record<string, readonly (string | number)[]> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, column]) => [name, Array.from<string | number>(column)]),
  );
}

/**
 * SHA-256 over the (user, item, time, part) rows and the cold sets: equal for equal splits of equal data, whatever
 * the split was called.
 */
export function hashSplit(
  dataset: Pick<Dataset, "users" | "items" | "interactions">,
  split: Pick<Split, "parts" | "coldItems" | "coldUsers">,
): string {
  const { users, items, times } = dataset.interactions;
  const keys = hashOf([dataset.users.keys, dataset.items.keys]);
  const rows = hashArrays([
    users,
    items,
    times ?? new Float64Array(0),
    split.parts,
    split.coldItems,
    split.coldUsers,
  ]);
  return hashOf({ keys, rows });
}
