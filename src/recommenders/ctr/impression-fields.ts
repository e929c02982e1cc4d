import type { CategoryColumn, ImpressionColumn, NumberColumn } from "../../data/dataset.js";

/** A column of impressions as codes: 0 is shared by all values that are rare or absent in training. */
export interface ImpressionField {
  readonly name: string;
  readonly count: number;
  readonly codeOf: (place: number) => number;
}

/** A value that occurs less often in training has no code of its own, as the winners of Criteo's challenge had it. */
const FEWEST = 10;

/**
 * The columns as fields. Only training rows are counted; a missing value is a value like any other.
 * @param trained - places of the training rows.
 */
export function impressionFields(
  columns: readonly ImpressionColumn[],
  trained: Int32Array,
): ImpressionField[] {
  return columns.map((column) =>
    column.kind === "category" ? categoryField(column, trained) : numberField(column, trained),
  );
}

function categoryField({ name, values, codes }: CategoryColumn, trained: Int32Array): ImpressionField {
  const occurrences = new Int32Array(values.length);
  for (const place of trained) occurrences[codes[place]]++;
  let count = 1;
  const kept = occurrences.map((times) => (times < FEWEST ? 0 : count++));
  return { name, count, codeOf: (place) => kept[codes[place]] };
}

function numberField({ name, numbers }: NumberColumn, trained: Int32Array): ImpressionField {
  const occurrences = new Map<number, number>();
  for (const place of trained) {
    const bucket = bucketOf(numbers[place]);
    occurrences.set(bucket, (occurrences.get(bucket) ?? 0) + 1);
  }
  const frequent = [...occurrences].filter(([, times]) => times >= FEWEST).map(([bucket]) => bucket);
  const kept = new Map(frequent.sort((a, b) => a - b).map((bucket, n) => [bucket, n + 1]));
  return { name, count: kept.size + 1, codeOf: (place) => kept.get(bucketOf(numbers[place])) ?? 0 };
}

/**
 * A number as a category, by the rule of the winners of Criteo's challenge (Juan, Zhuang and Chin 2014): floor(ln(v)²) above 2, a
 * value of its own up to 2. A missing number is a category, too.
 */
export function bucketOf(value: number): number {
  if (Number.isNaN(value)) return -Infinity;
  // Buckets begin at 3, where values of their own have ended.
  return value > 2 ? 3 + Math.floor(Math.log(value) ** 2) : value;
}
