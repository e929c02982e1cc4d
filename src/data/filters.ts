import { z } from "zod";
import { countsOf, positionsByUser, selectInteractions, type Dataset } from "./dataset.js";
import { hashSplit } from "./splits/hash.js";

/** Filters, applied in the order of the keys here; each leaves a line with its counts in the data set's history. */
export const filterOptions = z.strictObject({
  /** Keep interactions with a value of at least this. */
  minValue: z.number().optional(),
  /** Keep interactions from this moment on (unix seconds), and before the other. */
  after: z.number().optional(),
  before: z.number().optional(),
  /** Of several interactions of one user with one item keep the first or the last in time (in order, without times). */
  deduplicate: z.enum(["first", "last"]).optional(),
  /** Keep users and items with at least so many interactions; repeated until nothing changes (k-core). */
  minPerUser: z.int().min(1).optional(),
  minPerItem: z.int().min(1).optional(),
});

export type FilterOptions = z.infer<typeof filterOptions>;

/** Applies the filters that are set. Users and items that a k-core removes leave their tables; other filters keep the tables. */
export function filterDataset(dataset: Dataset, options: FilterOptions): Dataset {
  const { minValue, after, before, deduplicate, minPerUser, minPerItem } = options;
  let kept = dataset;
  if (minValue !== undefined) {
    const values = kept.interactions.values;
    kept = keepWhere(
      kept,
      `value >= ${minValue}`,
      (position) => values === null || values[position] >= minValue,
    );
  }
  if (after !== undefined || before !== undefined) {
    const times = kept.interactions.times;
    const [from, to] = [after ?? -Infinity, before ?? Infinity];
    const inWindow = (position: number) => times !== null && times[position] >= from && times[position] < to;
    kept = keepWhere(kept, `time in [${from}, ${to})`, inWindow);
  }
  if (deduplicate !== undefined) kept = withoutRepeats(kept, deduplicate);
  if (minPerUser !== undefined || minPerItem !== undefined)
    kept = core(kept, minPerUser ?? 1, minPerItem ?? 1);
  return kept;
}

function keepWhere(dataset: Dataset, step: string, keep: (position: number) => boolean): Dataset {
  const positions = Int32Array.from(dataset.interactions.users.keys()).filter(keep);
  const interactions = selectInteractions(dataset.interactions, positions);
  const kept = { ...dataset, interactions };
  const published = dataset.published && {
    ...dataset.published,
    parts: Uint8Array.from(positions, (position) => dataset.published!.parts[position]),
  };
  return {
    ...kept,
    published: published && { ...published, hash: hashSplit(kept, published) },
    history: [...dataset.history, countsOf(step, kept)],
  };
}

function withoutRepeats(dataset: Dataset, which: "first" | "last"): Dataset {
  const { items, times, users } = dataset.interactions;
  const keep = new Uint8Array(users.length);
  for (const positions of positionsByUser(dataset)) {
    const chosen = new Map<number, number>();
    for (const position of positions) {
      const other = chosen.get(items[position]);
      const later = other === undefined || times === null || times[position] >= times[other];
      if (other === undefined || later === (which === "last")) chosen.set(items[position], position);
    }
    for (const position of chosen.values()) keep[position] = 1;
  }
  return keepWhere(dataset, `${which} of repeated pairs`, (position) => keep[position] === 1);
}

function core(dataset: Dataset, minPerUser: number, minPerItem: number): Dataset {
  const { users, items } = dataset.interactions;
  const alive = new Uint8Array(users.length).fill(1);
  const counts = {
    users: new Int32Array(dataset.users.keys.length),
    items: new Int32Array(dataset.items.keys.length),
  };
  for (let changed = true; changed;) {
    counts.users.fill(0);
    counts.items.fill(0);
    alive.forEach((live, position) => {
      if (!live) return;
      counts.users[users[position]]++;
      counts.items[items[position]]++;
    });
    changed = false;
    alive.forEach((live, position) => {
      if (!live) return;
      if (counts.users[users[position]] >= minPerUser && counts.items[items[position]] >= minPerItem) return;
      alive[position] = 0;
      changed = true;
    });
  }
  const step = `${minPerUser}-core of users, ${minPerItem}-core of items`;
  const filtered = keepWhere(dataset, step, (position) => alive[position] === 1);
  const compacted = compactTables(filtered);
  return { ...compacted, history: [...dataset.history, countsOf(step, compacted)] };
}

/** Leaves out users and items without interactions and numbers the rest anew, in the same order. */
function compactTables(dataset: Dataset): Dataset {
  const users = survivors(dataset.interactions.users, dataset.users.keys.length);
  const items = survivors(dataset.interactions.items, dataset.items.keys.length);
  const take = <C extends readonly unknown[] | Float64Array>(column: C, kept: Int32Array) =>
    (column instanceof Float64Array
      ? Float64Array.from(kept, (k) => column[k])
      : Array.from(kept, (k) => column[k])) as C;
  const takeAll = <C extends readonly unknown[] | Float64Array>(
    columns: Readonly<Record<string, C>>,
    kept: Int32Array,
  ) => Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, take(column, kept)]));
  const compacted: Dataset = {
    ...dataset,
    users: {
      keys: take(dataset.users.keys, users.kept),
      attributes: takeAll(dataset.users.attributes, users.kept),
    },
    items: {
      keys: take(dataset.items.keys, items.kept),
      titles: take(dataset.items.titles, items.kept),
      texts: takeAll(dataset.items.texts, items.kept),
      categoryNames: dataset.items.categoryNames,
      categories: take(dataset.items.categories, items.kept),
      attributes: takeAll(dataset.items.attributes, items.kept),
    },
    interactions: {
      ...dataset.interactions,
      users: dataset.interactions.users.map((user) => users.renumbered[user]),
      items: dataset.interactions.items.map((item) => items.renumbered[item]),
    },
    dialogues: dataset.dialogues?.map((dialogue) => ({
      ...dialogue,
      user: dialogue.user < 0 ? -1 : users.renumbered[dialogue.user],
      turns: dialogue.turns.map((turn) => ({
        ...turn,
        mentions: turn.mentions.map((mention) => ({
          ...mention,
          item: mention.item < 0 ? -1 : items.renumbered[mention.item],
        })),
      })),
    })),
    // The truth speaks of the old numbers.
    truth: undefined,
  };
  const published = dataset.published && {
    ...dataset.published,
    coldItems: Uint8Array.from(items.kept, (item) => dataset.published!.coldItems[item]),
    coldUsers: Uint8Array.from(users.kept, (user) => dataset.published!.coldUsers[user]),
  };
  return { ...compacted, published: published && { ...published, hash: hashSplit(compacted, published) } };
}

function survivors(of: Int32Array, size: number): { kept: Int32Array; renumbered: Int32Array } {
  const present = new Uint8Array(size);
  for (const entity of of) present[entity] = 1;
  const kept = Int32Array.from(present.keys()).filter((entity) => present[entity] === 1);
  const renumbered = new Int32Array(size).fill(-1);
  kept.forEach((entity, index) => (renumbered[entity] = index));
  return { kept, renumbered };
}
