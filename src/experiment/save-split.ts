import { openDataset, type OpenOptions } from "../data/catalogue.js";
import { filterDataset } from "../data/filters.js";
import { partSizes, type PartName } from "../data/split.js";
import { writeSplit } from "../data/splits/file.js";
import { requireNoLeaks } from "../data/splits/leaks.js";
import { chooseSplit } from "./choose-split.js";
import type { RunConfig } from "./config.js";

/** A split as saved. */
export interface SavedSplit {
  readonly file: string;
  readonly description: string;
  readonly hash: string;
  readonly interactions: Readonly<Record<PartName, number>>;
  readonly coldItems: number;
  readonly coldUsers: number;
}

/** Opens and filters a data set, splits it, refuses a split that leaks, and saves it. */
export async function saveSplit(config: RunConfig, file: string, options: OpenOptions): Promise<SavedSplit> {
  const opened = await openDataset(config.dataset, {
    ...options,
    columns: config.columns,
    world: config.world,
  });
  const dataset = filterDataset(opened, config.filter);
  const split = await chooseSplit(dataset, config, "ratio");
  requireNoLeaks(dataset, split);
  await writeSplit(file, dataset, split);
  const count = (flags: Uint8Array) => flags.reduce((sum, flag) => sum + flag, 0);
  const { description, hash, coldItems, coldUsers } = split;
  return {
    file,
    description,
    hash,
    interactions: partSizes(split),
    coldItems: count(coldItems),
    coldUsers: count(coldUsers),
  };
}
