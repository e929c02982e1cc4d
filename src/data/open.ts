import type { Progress } from "../core/progress.js";
import { openByName } from "./catalogue.js";
import type { Dataset } from "./dataset.js";
import { parseColumns } from "./readers/table-descriptor.js";

export interface OpenRequest {
  /** A registered name, or the path of a folder, a table or a descriptor. */
  readonly dataset: string;
  /** Folder or file of the data; by default the cache. */
  readonly data?: string;
  readonly world: Readonly<Record<string, unknown>>;
  /** Which columns of a plain table mean what. */
  readonly columns: Readonly<Record<string, unknown>>;
  /** Folder of downloaded data sets. */
  readonly cache: string;
  readonly offline?: boolean;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** The data set of a run. @throws UsageError `UNKNOWN_DATASET`, `BAD_COLUMNS`; DataError from reading or fetching */
export function openDataset(request: OpenRequest): Promise<Dataset> {
  return openByName(request.dataset, { ...request, columns: parseColumns(request.columns) });
}
