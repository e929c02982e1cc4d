import type { Column } from "../../data/dataset.js";
import type { CtrTraining } from "../../tasks/ctr.js";

/**
 * The features of a pair. Each single-valued field has a range of rows in one common table of embeddings; the first row of a range
 * stands for "unknown": an empty value, or a user or item without training pairs. No training pair has such a user or item, so
 * their rows stay at their first values, zeros. Genres are a field with several values, the mean of their embeddings.
 */
export interface Fields {
  /** Name of each single-valued field: user, item, then attributes. */
  readonly names: readonly string[];
  /** First row of each field in the common table. */
  readonly offsets: readonly number[];
  /** Rows of the common table. */
  readonly rows: number;
  /** Row of each item as the field item, [items]: for histories. */
  readonly itemRows: Int32Array;
  /** How many genres there are; 0: no field of genres. */
  readonly genres: number;
  /** Writes the field rows of a pair. */
  write(user: number, item: number, into: Int32Array, at: number): void;
  /** Writes the share of each genre of an item, 1 / (genres of the item). */
  writeGenres(item: number, into: Float32Array, at: number): void;
}

/** One column as codes from 0 (unknown). */
interface Codes {
  readonly name: string;
  readonly codes: Int32Array;
  readonly count: number;
  readonly side: "user" | "item";
}

/** A text attribute is a field where it has at most this many different values for each user or item that has it. */
const MOST_TEXT_SHARE = 0.1;
/** A number with more different values than this is cut into quantile bins. */
const MOST_NUMBERS = 100;
const BINS = 20;

/**
 * Fields of the data: user, item, genres and the attributes of both. Text with nearly as many values as there are users
 * (addresses, names) is left out. Numbers are values of their own up to 100 of them, else 20 bins of equal size.
 */
export function fieldsOf({ users, items, rows }: CtrTraining): Fields {
  const columns: Codes[] = [
    { name: "user", side: "user", ...seen(rows.users, users.keys.length) },
    { name: "item", side: "item", ...seen(rows.items, items.keys.length) },
    ...attributes(users.attributes, "user"),
    ...attributes(items.attributes, "item"),
  ];
  const offsets: number[] = [];
  let size = 0;
  for (const { count } of columns) {
    offsets.push(size);
    size += count;
  }
  const genres = items.categories.some((own) => own.length > 0) ? items.categoryNames.length : 0;
  return {
    names: columns.map(({ name }) => name),
    offsets,
    rows: size,
    itemRows: columns[1].codes.map((code) => offsets[1] + code),
    genres,
    write(user, item, into, at) {
      columns.forEach(({ codes, side }, f) => {
        into[at + f] = offsets[f] + codes[side === "user" ? user : item];
      });
    },
    writeGenres(item, into, at) {
      const own = items.categories[item];
      for (const genre of own) into[at + genre] = 1 / own.length;
    },
  };
}

/** Codes 1, 2, ... for the ids that training has, 0 for the others. */
function seen(trained: Int32Array, size: number): Pick<Codes, "codes" | "count"> {
  const codes = new Int32Array(size);
  for (const id of trained) codes[id] = 1;
  let count = 1;
  codes.forEach((is, id) => {
    if (is === 1) codes[id] = count++;
  });
  return { codes, count };
}

function attributes(table: Readonly<Record<string, Column>>, side: Codes["side"]): Codes[] {
  return Object.entries(table).flatMap(([key, column]): Codes[] => {
    const coded = column instanceof Float64Array ? numberCodes(column) : textCodes(column);
    return coded === null ? [] : [{ name: `${side} ${key}`, side, ...coded }];
  });
}

function textCodes(column: readonly string[]): Pick<Codes, "codes" | "count"> | null {
  const known = column.filter((value) => value !== "");
  const values = new Map([...new Set(known)].sort().map((value, n) => [value, n + 1]));
  if (values.size < 2 || values.size > MOST_TEXT_SHARE * known.length) return null;
  return { codes: Int32Array.from(column, (value) => values.get(value) ?? 0), count: values.size + 1 };
}

function numberCodes(column: Float64Array): Pick<Codes, "codes" | "count"> | null {
  const sorted = column.filter((value) => !Number.isNaN(value)).sort();
  const distinct = [...new Set(sorted)];
  if (distinct.length < 2) return null;
  // The lower end of each bin but the first; values of their own are bins of one value.
  const ends =
    distinct.length <= MOST_NUMBERS
      ? distinct.slice(1)
      : [
          ...new Set(
            Array.from({ length: BINS - 1 }, (_, b) => sorted[Math.floor(((b + 1) * sorted.length) / BINS)]),
          ),
        ];
  const codes = Int32Array.from(column, (value) =>
    Number.isNaN(value) ? 0 : 1 + ends.filter((end) => value >= end).length,
  );
  return { codes, count: ends.length + 2 };
}
