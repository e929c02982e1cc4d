import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Progress } from "../core/progress.js";
import type { Dataset } from "./dataset.js";
import { readDataset } from "./readers/index.js";
export interface OpenRequest {
  readonly dataset: string;
  readonly data?: string;
  readonly world: Readonly<Record<string, unknown>>;
  readonly columns: Readonly<Record<string, unknown>>;
  readonly cache: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}
export async function openDataset(request: OpenRequest): Promise<Dataset> {
  return readDataset({ path: request.data ?? request.dataset, name: request.dataset });
}
