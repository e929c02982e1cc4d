import type { Column } from "../../data/dataset.js";
import type { CtrTraining } from "../../tasks/ctr.js";
import { impressionFields } from "./impression-fields.js";

/** What a pair's fields are read from. */
export interface FieldSource {
  readonly user: number;
  readonly item: number;
  /** Where the data are a log of impressions: the pair's place in it. */
  readonly place?: number;
}

/**
 * The features of a pair. Each single-valued field has a range of rows in one common table of embeddings; the first row of a range
 * stands for "unknown": an empty value, or a user or item without training pairs. No training pair has such a user or item, so
 * their rows stay at their first values, zeros. Genres are a field with several values, the mean of their embeddings. The first row of an
 * impression's column stands for values that are rare in training, which train it, and for those that training hasn't.
 */
export interface Fields {
  /** Name of each single-valued field: user, item, their attributes, then the columns of impressions. */
  readonly names: readonly string[];
  /** First row of each field in the common table. */
  readonly offsets: readonly number[];
  /** Rows of the common table. */
  readonly rows: number;
  /** Row of each item as the field item, [items]: for histories. Empty where the data don't say what was shown. */
  readonly itemRows: Int32Array;
  /** How many genres there are; 0: no field of genres. */
  readonly genres: number;
  /** Writes the field rows of a pair. */
  write(pair: FieldSource, into: Int32Array, at: number): void;
  /** Writes the share of each genre of an item, 1 / (genres of the item). */
  writeGenres(item: number, into: Float32Array, at: number): void;
}

/** One column of users or items as codes from 0 (unknown). */
interface Codes {
  readonly name: string;
  readonly codes: Int32Array;
  readonly count: number;
  readonly side: "user" | "item";
}

/** A field, and how a pair's code in it is found. */
interface Field {
  readonly name: string;
  readonly count: number;
  readonly codeOf: (pair: FieldSource) => number;
}

/** A text attribute is a field where it has at most this many different values for each user or item that has it. */
const MOST_TEXT_SHARE = 0.1;
/** A number with more different values than this is cut into quantile bins. */
const MOST_NUMBERS = 100;
const BINS = 20;

/**
 * Fields of the data: user, item, genres, the attributes of both and the columns of impressions. Users or items that nobody knows are
 * no field. Text with nearly as many values as there are users (addresses, names) is left out. Numbers are values of their own up to
 * 100 of them, else 20 bins of equal size.
 */
export function fieldsOf({ users, items, rows, impressions }: CtrTraining): Fields {
  const user: Codes = { name: "user", side: "user", ...seen(rows.users, users.keys.length) };
  const item: Codes = { name: "item", side: "item", ...seen(rows.items, items.keys.length) };
  const [hasUsers, hasItems] = [impressions?.hasUsers !== false, impressions?.hasItems !== false];
  const fields: Field[] = [
    ...[
      ...(hasUsers ? [user] : []),
      ...(hasItems ? [item] : []),
      ...attributes(users.attributes, "user"),
      ...attributes(items.attributes, "item"),
    ].map(({ name, count, codes, side }) => ({
      name,
      count,
      codeOf: (pair: FieldSource) => codes[pair[side]],
    })),
    ...impressionFields(impressions?.columns ?? [], rows.places ?? new Int32Array(0)).map(
      ({ name, count, codeOf }) => ({
        name,
        count,
        codeOf: ({ place }: FieldSource) => codeOf(placed(place)),
      }),
    ),
  ];
  const offsets: number[] = [];
  let size = 0;
  for (const { count } of fields) {
    offsets.push(size);
    size += count;
  }
  const genres = items.categories.some((own) => own.length > 0) ? items.categoryNames.length : 0;
  const itemField = fields.findIndex(({ name }) => name === item.name);
  return {
    names: fields.map(({ name }) => name),
    offsets,
    rows: size,
    itemRows: hasItems ? item.codes.map((code) => offsets[itemField] + code) : new Int32Array(0),
    genres,
    write(pair, into, at) {
      fields.forEach(({ codeOf }, f) => {
        into[at + f] = offsets[f] + codeOf(pair);
      });
    },
    writeGenres(own, into, at) {
      const listed = items.categories[own];
      for (const genre of listed) into[at + genre] = 1 / listed.length;
    },
  };
}

function placed(place: number | undefined): number {
  if (place === undefined) throw new RangeError("a pair of a log of impressions needs its place there");
  return place;
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
