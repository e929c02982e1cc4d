import { csrFromPairs } from "./csr.js";
import type { Dialogue } from "./dialogue.js";
import type { RecordedAnswers } from "./recorded-answers.js";
import type { Split } from "./split.js";
import type { WorldTruth } from "./world/truth.js";

/**
 * The one in-memory form of every data set. Users and items are numbered from 0 in the order of their tables;
 * interactions are parallel typed arrays that refer to those numbers.
 */
export interface Dataset {
  /** Registry name (`ml-100k`) or the folder's name. */
  readonly name: string;
  readonly users: UserTable;
  readonly items: ItemTable;
  readonly interactions: Interactions;
  /** Conversations, where the data set has some. */
  readonly dialogues?: readonly Dialogue[];
  /** What language models answered in these dialogues, where that was published with them. */
  readonly recordings?: readonly RecordedAnswers[];
  /** The split that was published with the data, where there is one. */
  readonly published?: Split;
  /** The generative truth, known only for the embedded world. Recommenders never see it, only controls do. */
  readonly truth?: WorldTruth;
  /** Sentences that must stand under every table made from these data (say, how the item text was collected). */
  readonly notes: readonly string[];
  /** What was read and what was left out, in order: `{step: "duplicate pairs removed", rows: 12}`. */
  readonly history: readonly HistoryStep[];
}

/** A step of reading or filtering with the counts that remain after it. */
export interface HistoryStep {
  readonly step: string;
  readonly users: number;
  readonly items: number;
  readonly interactions: number;
}

/** A column of text or numbers, parallel to its table's keys; numbers use NaN for "unknown", text uses "". */
export type Column = readonly string[] | Float64Array;

export interface UserTable {
  /** External ids, unique. */
  readonly keys: readonly string[];
  readonly attributes: Readonly<Record<string, Column>>;
}

export interface ItemTable {
  /** External ids, unique. */
  readonly keys: readonly string[];
  /** Titles as shown to people and language models; "" where unknown. */
  readonly titles: readonly string[];
  /** Further text, field by field (`plot`, `tags`, `director`), each parallel to `keys`, "" where unknown. */
  readonly texts: Readonly<Record<string, readonly string[]>>;
  /** Genre names. */
  readonly categoryNames: readonly string[];
  /** For each item the indices of its genres, in the order listed: the first is its main genre. May be empty. */
  readonly categories: readonly (readonly number[])[];
  readonly attributes: Readonly<Record<string, Column>>;
}

/** Parallel arrays, one entry an interaction, in the order of the source. */
export interface Interactions {
  readonly users: Int32Array;
  readonly items: Int32Array;
  /** Ratings or counts; null where the data only say that it happened. */
  readonly values: Float32Array | null;
  /** Unix seconds; null where unknown. */
  readonly times: Float64Array | null;
  /** Present where the interactions are labelled impressions, each with columns of its own. */
  readonly impressions?: Impressions;
}

/** What a log of impressions tells of each of them beside its label and time. */
export interface Impressions {
  /** Whether it is known whose they are. Where not, each counts as a user of its own. */
  readonly hasUsers: boolean;
  /** Whether it is known what was shown. Where not, one item stands for all. */
  readonly hasItems: boolean;
  readonly columns: readonly ImpressionColumn[];
}

/** One column, parallel to the interactions. */
export type ImpressionColumn = CategoryColumn | NumberColumn;

export interface CategoryColumn {
  readonly kind: "category";
  readonly name: string;
  /** The values, in order; "" where the file has none. A filter leaves values that no row has any more. */
  readonly values: readonly string[];
  /** Index of each row's value. */
  readonly codes: Int32Array;
}

export interface NumberColumn {
  readonly kind: "number";
  readonly name: string;
  /** NaN where the file has none. */
  readonly numbers: Float64Array;
}

/** The interactions at the given positions, in that order. */
export function selectInteractions(all: Interactions, positions: Int32Array): Interactions {
  const { users, items, values, times, impressions } = all;
  return {
    users: users.length === 0 ? users : positions.map((p) => users[p]),
    items: items.length === 0 ? items : positions.map((p) => items[p]),
    values: values && Float32Array.from(positions, (p) => values[p]),
    times: times && Float64Array.from(positions, (p) => times[p]),
    ...(impressions && { impressions: selectImpressions(impressions, positions) }),
  };
}

function selectImpressions(all: Impressions, positions: Int32Array): Impressions {
  const columns = all.columns.map((column) =>
    column.kind === "category"
      ? { ...column, codes: positions.map((p) => column.codes[p]) }
      : { ...column, numbers: Float64Array.from(positions, (p) => column.numbers[p]) },
  );
  return { ...all, columns };
}

/** What an impression's columns hold, as text; "" where a value is missing. */
export function impressionText({ columns }: Impressions, position: number): string {
  return columns
    .map((column) => {
      const value =
        column.kind === "category"
          ? column.values[column.codes[position]]
          : Number.isNaN(column.numbers[position])
            ? ""
            : String(column.numbers[position]);
      return `${column.name}=${value}`;
    })
    .join(", ");
}

/** Each user's interaction positions in the order of the data, users in the order of their table. */
export function positionsByUser({
  users,
  interactions,
}: Pick<Dataset, "users" | "interactions">): Int32Array[] {
  const { users: userOf } = interactions;
  const order = Int32Array.from(userOf.keys());
  const { indices, offsets } = csrFromPairs(users.keys.length, userOf.length, userOf, order);
  return users.keys.map((_, user) => indices.subarray(offsets[user], offsets[user + 1]));
}

/** Text fields that say in few words who made an item. */
const BYLINES = ["director", "author", "authors"] as const;

/** An item's title as prompts write it. */
export function quotedTitle(items: ItemTable, item: number): string {
  return `"${items.titles[item]}"`;
}

/** An item in one line, as prompts name it: `"Title" (Drama, Crime; Jane Roe)`, its title, genres and maker; what is unknown is left out. */
export function itemLine(items: ItemTable, item: number): string {
  const genres = items.categories[item].map((category) => items.categoryNames[category]).join(", ");
  const fields = BYLINES.filter((field) => Object.hasOwn(items.texts, field));
  const maker = fields.map((field) => items.texts[field][item]).find((text) => text !== "") ?? "";
  const about = [genres, maker].filter((part) => part !== "").join("; ");
  return about === "" ? `"${items.titles[item]}"` : `"${items.titles[item]}" (${about})`;
}

/** Everything in words that a data set tells of an item: title, genres, then its text fields. */
export function itemText(items: ItemTable, item: number): string {
  const genres = items.categories[item].map((category) => items.categoryNames[category]).join(", ");
  const fields = Object.values(items.texts).map((column) => column[item]);
  return [items.titles[item], genres, ...fields].filter((part) => part !== "").join(". ");
}

/** The counts of a data set as a history step. */
export function countsOf(
  step: string,
  dataset: Pick<Dataset, "users" | "items" | "interactions">,
): HistoryStep {
  return {
    step,
    users: dataset.users.keys.length,
    items: dataset.items.keys.length,
    interactions: dataset.interactions.users.length,
  };
}
