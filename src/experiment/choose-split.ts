import { UsageError } from "../core/errors.js";
import type { Dataset } from "../data/dataset.js";
import type { Split } from "../data/split.js";
import { readSplit } from "../data/splits/file.js";
import { makeSplit } from "../data/splits/strategies.js";
import type { RunConfig } from "./config.js";

/** The split that a configuration asks for: a saved file, a strategy with its options, or else the fallback strategy. */
export async function chooseSplit(dataset: Dataset, config: RunConfig, fallback: string): Promise<Split> {
  const { name, file, ...options } = config.split;
  if (file === undefined) return makeSplit(dataset, typeof name === "string" ? name : fallback, options);
  if (typeof file !== "string" || name !== undefined || Object.keys(options).length > 0) {
    throw new UsageError("BAD_CONFIG", "a split is either a file or a strategy with its options, not both");
  }
  return readSplit(file, dataset);
}
