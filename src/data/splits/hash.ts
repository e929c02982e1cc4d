import { canonicalJson, hashArrays, hashOf, hashTexts } from "../../core/hash.js";
import type { Column, Dataset, Impressions } from "../dataset.js";
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
  const columns = {
    users: users.keys,
    ...named("user", users.attributes),
    items: items.keys,
    titles: items.titles,
    ...named("text", items.texts),
    categoryNames: items.categoryNames,
    categories: items.categories.map((genres) => genres.join(" ")),
    ...named("item", items.attributes),
    dialogues: (dataset.dialogues ?? []).map(canonicalJson),
    ...(dataset.recordings && {
      recordings: dataset.recordings.map(({ model, byTurn }) => canonicalJson([model, [...byTurn]])),
    }),
  };
  const tables = Object.entries(columns).map(([name, column]) => [name, hashColumn(column)]);
  const arrays = [userOf, itemOf, values ?? new Float32Array(0), times ?? new Float64Array(0)];
  return hashOf({
    tables,
    interactions: hashArrays(arrays),
    // Data without such columns keep the hash that they had before there were any.
    ...(interactions.impressions && { impressions: impressionHashes(interactions.impressions) }),
  });
}

function impressionHashes({ hasUsers, hasItems, columns }: Impressions) {
  const hashes = columns.map((column) =>
    column.kind === "category"
      ? [column.name, hashTexts(column.values), hashArrays([column.codes])]
      : [column.name, hashArrays([column.numbers])],
  );
  return { hasUsers, hasItems, columns: hashes };
}

function named(table: string, columns: Readonly<Record<string, Column>>): Record<string, Column> {
  return Object.fromEntries(Object.entries(columns).map(([name, column]) => [`${table}.${name}`, column]));
}

/** Text is hashed piece by piece: all titles of a large catalogue in one string would be more than a string can hold. */
function hashColumn(column: Column): string {
  return column instanceof Float64Array ? hashArrays([column]) : hashTexts(column);
}

/**
 * SHA-256 over the (user, item, time, part) rows, the dialogues' parts and the cold sets: equal for equal splits of equal data, whatever
 * the split was called.
 */
export function hashSplit(
  dataset: Pick<Dataset, "users" | "items" | "interactions" | "dialogues">,
  split: Pick<Split, "parts" | "dialogues" | "coldItems" | "coldUsers">,
): string {
  const { users, items, times } = dataset.interactions;
  const keys = [hashTexts(dataset.users.keys), hashTexts(dataset.items.keys)];
  const rows = hashArrays([
    users,
    items,
    times ?? new Float64Array(0),
    split.parts,
    split.coldItems,
    split.coldUsers,
  ]);
  if (split.dialogues === undefined) return hashOf({ keys, rows });
  const ids = hashTexts((dataset.dialogues ?? []).map(({ id }) => id));
  return hashOf({ keys, rows, dialogues: [ids, hashArrays([split.dialogues])] });
}
