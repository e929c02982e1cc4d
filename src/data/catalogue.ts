import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { DataError } from "../core/errors.js";
import { silentProgress, type Progress } from "../core/progress.js";
import { countsOf, type Dataset } from "./dataset.js";
import { fetchFile } from "./fetch.js";
import type { FetchedFile } from "./fetch-verify.js";
import { readDataset, type ReadOptions } from "./readers/index.js";
import { findDataset, loadRegistry, type DatasetDescriptor } from "./registry.js";
import { profileDataset, type DatasetProfile } from "./validate.js";

/** A row of the list of public data sets. */
export interface DatasetSummary {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  readonly licence: string;
  /** Whether `fetch` can bring it. */
  readonly fetchable: boolean;
  /** Size of the download, where it is known. */
  readonly bytes: number | null;
}

/** All public data sets. */
export async function listDatasets(): Promise<DatasetSummary[]> {
  return [...(await loadRegistry()).values()].map(({ name, title, summary, licence, files }) => ({
    name,
    title,
    summary,
    licence: licence.name,
    fetchable: files.length > 0,
    bytes:
      files.length > 0 && files.every(({ bytes }) => bytes !== null)
        ? files.reduce((sum, { bytes }) => sum + bytes!, 0)
        : null,
  }));
}

/** What is known about a data set. @throws UsageError `UNKNOWN_DATASET` */
export function describeDataset(name: string): Promise<DatasetDescriptor> {
  return findDataset(name);
}

export interface FetchDatasetOptions {
  /** Folder of downloaded data sets; each lies in a folder of its name. */
  cache: string;
  offline?: boolean;
  progress?: Progress;
  signal?: AbortSignal;
}

/** How to open a data set by name or path. */
export interface OpenOptions extends FetchDatasetOptions, Omit<ReadOptions, "path" | "name"> {
  /** Folder of the files; by default the data set's folder in the cache. */
  data?: string;
  /** Size and seed of the embedded world. */
  world?: Readonly<Record<string, unknown>>;
}

export interface FetchedDataset {
  readonly name: string;
  /** Give it to {@link readDataset}. */
  readonly folder: string;
  readonly files: readonly FetchedFile[];
  readonly licence: DatasetDescriptor["licence"];
}

/** The folder of a data set in the cache. */
export function datasetFolder(cache: string, name: string): string {
  return join(cache, name);
}

/**
 * Brings a data set's files into the cache, or finds them there. The licence is shown before anything is downloaded.
 * @throws DataError `NOT_FETCHABLE` (with how to get it by hand), and the errors of `fetchFile`
 */
export async function fetchDataset(name: string, options: FetchDatasetOptions): Promise<FetchedDataset> {
  const { cache, progress = silentProgress() } = options;
  const dataset = await findDataset(name);
  const folder = datasetFolder(cache, name);
  if (dataset.files.length === 0) {
    throw new DataError("NOT_FETCHABLE", `${name} can't be fetched`, {
      hint: `${dataset.by_hand ?? ""} Then name their folder with --data DIR, or put them into ${folder}.`.trim(),
    });
  }
  const targets = dataset.files.map((remote) => ({
    remote,
    target: join(folder, basename(new URL(remote.url).pathname)),
  }));
  if (options.offline !== true && targets.some(({ target }) => !existsSync(target))) {
    const { licence } = dataset;
    progress.note(
      `${dataset.title}: ${licence.name}. ${licence.terms}${licence.url === null ? "" : ` (${licence.url})`}`,
    );
  }
  const files: FetchedFile[] = [];
  for (const { remote, target } of targets)
    files.push(await fetchFile(remote, target, { ...options, progress }));
  return { name, folder, files, licence: dataset.licence };
}

/**
 * Reads a data set that is named as on the command line: a registered name (read from `data` where it is given, else
 * from the cache, fetched if need be), or the path of a folder, a table or a descriptor.
 * @throws UsageError `UNKNOWN_DATASET`
 */
export async function openDataset(nameOrPath: string, options: OpenOptions): Promise<Dataset> {
  const { data, readers, columns } = options;
  if (nameOrPath === "world" && data === undefined) {
    const { openWorld } = await import("./world/open.js");
    return openWorld(options.world ?? {});
  }
  const registry = await loadRegistry();
  const known = registry.get(nameOrPath);
  if (known === undefined) {
    const isPath = /[\\/]|\.\w+$/.test(nameOrPath) || existsSync(nameOrPath);
    if (data === undefined && !isPath) await findDataset(nameOrPath);
    const name = data === undefined ? undefined : nameOrPath;
    return readDataset({ path: data ?? nameOrPath, name, readers, columns });
  }
  const folder = datasetFolder(options.cache, nameOrPath);
  const path =
    data ??
    (known.files.length === 0 && existsSync(folder)
      ? folder
      : (await fetchDataset(nameOrPath, options)).folder);
  const dataset = await readDataset({ path, name: nameOrPath, readers: readers ?? known.readers, columns });
  return noteDifference(dataset, known);
}

/** A part of a data set, or another one under its name, must not pass for the published data. */
function noteDifference(dataset: Dataset, { title, counts }: DatasetDescriptor): Dataset {
  if (counts === undefined) return dataset;
  const here = { ...countsOf("", dataset), dialogues: dataset.dialogues?.length ?? 0 };
  const different = (["users", "items", "interactions", "dialogues"] as const).filter(
    (key) => counts[key] !== undefined && here[key] !== counts[key],
  );
  if (different.length === 0) return dataset;
  const list = different.map((key) => `${here[key]} ${key} instead of ${counts[key]}`).join(", ");
  return { ...dataset, notes: [...dataset.notes, `These are not the published data of ${title}: ${list}.`] };
}

/** Reads a data set and says what is in it and what is odd. */
export async function validateDataset(nameOrPath: string, options: OpenOptions): Promise<DatasetProfile> {
  return profileDataset(await openDataset(nameOrPath, options));
}

/** The list as text. */
export function formatDatasetList(datasets: readonly DatasetSummary[]): string {
  const width = Math.max(...datasets.map(({ name }) => name.length));
  return datasets
    .map(({ name, summary, fetchable, bytes }) => {
      const remarks = [
        ...(fetchable || name === "world" ? [] : ["by hand"]),
        ...(bytes === null ? [] : [formatBytes(bytes)]),
      ];
      return `${name.padEnd(width)}  ${summary}${remarks.length > 0 ? ` [${remarks.join(", ")}]` : ""}`;
    })
    .join("\n");
}

/** A descriptor as text. */
export function formatDataset(dataset: DatasetDescriptor): string {
  const { licence } = dataset;
  const unknown = "unknown";
  return [
    `${dataset.title} (${dataset.name})`,
    `  ${dataset.summary}`,
    `  homepage  ${dataset.homepage ?? "none"}`,
    `  licence   ${licence.name}${licence.url === null ? "" : ` (${licence.url})`}`,
    `            ${licence.terms}`,
    ...(dataset.citation === null ? [] : [`  cite      ${dataset.citation}`]),
    `  readers   ${dataset.readers.join(", ")}`,
    ...dataset.files.flatMap(({ url, bytes, sha256, md5 }) => [
      `  file      ${url}`,
      `            ${bytes === null ? `size ${unknown}` : formatBytes(bytes)}, sha256 ${sha256 ?? unknown}, md5 ${md5 ?? unknown}`,
    ]),
    ...(dataset.by_hand === undefined ? [] : [`  by hand   ${dataset.by_hand}`]),
    ...(dataset.remarks ?? []).map((remark) => `  remark    ${remark}`),
  ].join("\n");
}

function formatBytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
