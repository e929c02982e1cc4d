import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { DataError, UsageError } from "../../core/errors.js";
import { fileError } from "../../core/files.js";
import { suggestName } from "../../core/names.js";
import type { Dataset } from "../dataset.js";
import { openSource, type Source } from "../source.js";
import { amazon2023 } from "./amazon.js";
import { bookCrossing, bookCrossingHistory } from "./book-crossing.js";
import { citeulike } from "./citeulike.js";
import { avazu, clickLogAt, criteo } from "./click-logs.js";
import { inspired } from "./inspired.js";
import { movielens100k, movielensCsv, movielensDat } from "./movielens.js";
import { recbole } from "./recbole.js";
import { redditMovie } from "./reddit-movie.js";
import { redial } from "./redial.js";
import type { Reader } from "./reader.js";
import { steam } from "./steam.js";
import { DESCRIPTOR_FILES, readDescribedTable, readSingleTable } from "./table.js";
import type { InteractionColumns } from "./table-descriptor.js";
import { formatOf } from "./table-file.js";

/** Every reader of a public format, tried in this order where none is named. */
export const READERS: readonly Reader[] = [
  movielens100k,
  movielensDat,
  movielensCsv,
  recbole,
  citeulike,
  bookCrossing,
  bookCrossingHistory,
  amazon2023,
  steam,
  inspired,
  redial,
  redditMovie,
  // Last: one file of a common name is all that they ask for.
  avazu,
  criteo,
];

export interface ReadOptions {
  /** What to call the data set; by default the folder's or file's name. */
  name?: string;
  /** A folder, a `.zip`, a table (`.csv .tsv .jsonl .parquet`) or a YAML descriptor. */
  path: string;
  /** Ids of the readers to try; by default the files decide among all. */
  readers?: readonly string[];
  /** The columns of a plain table. */
  columns?: Partial<InteractionColumns>;
}

/**
 * Reads a data set from disk, with the reader that is named or that fits the files.
 * @throws DataError `UNKNOWN_FORMAT` listing what was looked for, and what the readers throw; UsageError `UNKNOWN_READER`
 */
export async function readDataset(options: ReadOptions): Promise<Dataset> {
  const { path, columns } = options;
  const info = await stat(path).catch((error: unknown) => {
    throw fileError(error, path);
  });
  const base = basename(resolve(path));
  const name =
    options.name ??
    (info.isFile()
      ? base.replace(/\.(zip|(ya?ml|csv|tsv|tab|txt|jsonl|ndjson|json|parquet)(\.gz)?|gz)$/i, "")
      : base);
  const readers = options.readers?.map(readerById) ?? READERS;
  if (info.isFile() && options.readers === undefined) {
    if (/\.ya?ml$/i.test(path)) return readDescribedTable(path, options.name);
    const file = { path, label: path };
    // Whoever names columns wants a table of users and items.
    const log = columns === undefined ? await clickLogAt(file) : undefined;
    if (log !== undefined) return log.readFile(file, name);
    if (formatOf(path) !== undefined) return readSingleTable(file, name, columns);
  }
  if (info.isDirectory() && options.readers === undefined) {
    const descriptor = DESCRIPTOR_FILES.find((file) => existsSync(join(path, file)));
    if (descriptor !== undefined) return readDescribedTable(join(path, descriptor), options.name);
  }
  return withMatching(path, readers, (reader, source) => reader.read(source, name));
}

/**
 * The reader of this id.
 * @throws UsageError `NOT_READABLE` (the embedded world), `UNKNOWN_READER`
 */
export function readerById(id: string): Reader {
  const reader = READERS.find((one) => one.id === id);
  if (reader !== undefined) return reader;
  if (id === "world") {
    throw new UsageError(
      "NOT_READABLE",
      "world: the embedded world is made by the program, not read from files",
    );
  }
  throw new UsageError("UNKNOWN_READER", `there is no reader "${id}"`, {
    hint: suggestName(
      id,
      READERS.map((one) => one.id),
    ),
  });
}

async function withMatching<T>(
  path: string,
  readers: readonly Reader[],
  use: (reader: Reader, source: Source) => Promise<T>,
): Promise<T> {
  const source = await openSource(path);
  try {
    const reader = readers.find((one) => one.matches(source));
    if (reader !== undefined) return await use(reader, source);
    // The files of a public data set are mostly kept as they came, in an archive.
    for (const archive of source.names.filter((file) => file.toLowerCase().endsWith(".zip"))) {
      const inner = await openSource((await source.open(archive)).path);
      try {
        const match = readers.find((one) => one.matches(inner));
        if (match !== undefined) return await use(match, inner);
      } finally {
        await inner.close();
      }
    }
    const found = source.names.length === 0 ? "nothing" : source.names.slice(0, 8).join(", ");
    throw new DataError("UNKNOWN_FORMAT", `no known data set is here; found: ${found}`, {
      file: path,
      hint: `Looked for ${readers.map((one) => `${one.files} (${one.title})`).join("; ")}.`,
    });
  } finally {
    await source.close();
  }
}
