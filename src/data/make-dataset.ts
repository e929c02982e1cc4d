import { DataError } from "../core/errors.js";
import { countsOf, type Dataset } from "./dataset.js";

/** What a user did with an item, by external ids. */
export interface RawInteraction {
  readonly user: string;
  readonly item: string;
  /** A rating or count; for all or for none. */
  readonly value?: number;
  /** Unix seconds; for all or for none. */
  readonly time?: number;
}

export interface RawItem {
  readonly id: string;
  readonly title?: string;
  readonly categories?: readonly string[];
  readonly description?: string;
}

/**
 * A data set of plain objects, as code that has its own source makes it. Items without interactions are kept; items that
 * only interactions name have no text.
 * @throws DataError MIXED_COLUMNS where some interactions have a value or time and others have none.
 */
export function makeDataset(raw: {
  readonly name: string;
  readonly interactions: readonly RawInteraction[];
  readonly items?: readonly RawItem[];
  /** Sentences under every table made from these data. */
  readonly notes?: readonly string[];
}): Dataset {
  const { name, interactions, items = [] } = raw;
  const itemKeys = [...new Set([...items.map(({ id }) => id), ...interactions.map(({ item }) => item)])];
  const userKeys = [...new Set(interactions.map(({ user }) => user))];
  const itemNumber = new Map(itemKeys.map((key, n) => [key, n]));
  const userNumber = new Map(userKeys.map((key, n) => [key, n]));
  const described = new Map(items.map((item) => [item.id, item]));
  const categoryNames = [...new Set(items.flatMap(({ categories = [] }) => categories))];
  const categoryNumber = new Map(categoryNames.map((key, n) => [key, n]));
  const descriptions = itemKeys.map((key) => described.get(key)?.description ?? "");
  const texts: Record<string, string[]> = descriptions.some((text) => text !== "")
    ? { description: descriptions }
    : {};
  const data = {
    users: { keys: userKeys, attributes: {} },
    items: {
      keys: itemKeys,
      titles: itemKeys.map((key) => described.get(key)?.title ?? ""),
      texts,
      categoryNames,
      categories: itemKeys.map((key) =>
        (described.get(key)?.categories ?? []).map((category) => categoryNumber.get(category) ?? -1),
      ),
      attributes: {},
    },
    interactions: {
      users: Int32Array.from(interactions, ({ user }) => userNumber.get(user) ?? -1),
      items: Int32Array.from(interactions, ({ item }) => itemNumber.get(item) ?? -1),
      values: column(name, "value", interactions, (values) => Float32Array.from(values)),
      times: column(name, "time", interactions, (values) => Float64Array.from(values)),
    },
  };
  return { name, ...data, notes: raw.notes ?? [], history: [countsOf("made by its plugin", data)] };
}

function column<A>(
  name: string,
  key: "value" | "time",
  interactions: readonly RawInteraction[],
  arrayOf: (values: readonly number[]) => A,
): A | null {
  const values = interactions.flatMap((one) => one[key] ?? []);
  if (values.length === 0) return null;
  if (values.length === interactions.length) return arrayOf(values);
  throw new DataError(
    "MIXED_COLUMNS",
    `${name}: ${values.length} of ${interactions.length} interactions have a ${key}`,
    {
      hint: "Give it to all or to none.",
    },
  );
}
