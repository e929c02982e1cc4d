import { DataError } from "../../core/errors.js";
import type { Dataset } from "../dataset.js";
import type { Split } from "../split.js";

/** What a split strategy decides; the name and the hash of the split are added by `makeSplit`. */
export type Assignment = Pick<Split, "parts" | "byTime"> &
  Partial<Pick<Split, "dialogues" | "coldItems" | "coldUsers">>;

/** The interaction times, or an error that says which split asked for them. */
export function requireTimes(dataset: Dataset, strategy: string): Float64Array {
  const { times } = dataset.interactions;
  if (times === null) {
    throw new DataError("NO_TIMES", `the split ${strategy} needs timestamps, and ${dataset.name} has none`, {
      hint: "Name the time column of the data, or choose another split with --split.",
    });
  }
  return times;
}
