import { withDatabase } from "../../core/duckdb.js";
import type { Dataset } from "../dataset.js";
import { findFile, type SourceFile } from "../source.js";
import { readHead } from "./head.js";
import { readImpressions } from "./impressions.js";
import type { Reader } from "./reader.js";
import { columnsOf, formatOf, type TableFile } from "./table-file.js";

/** Criteo's columns: 13 counts, then 26 hashed categories. */
const COUNTS = Array.from({ length: 13 }, (_, n) => `I${n + 1}`);
const CATEGORIES = Array.from({ length: 26 }, (_, n) => `C${n + 1}`);

/** A log of clicks of a well-known form. */
interface ClickLog extends Reader {
  /** Whether a file's first line is of this form. */
  begins(line: string): boolean;
  readFile(file: SourceFile, name: string): Promise<Dataset>;
}

function clickLog(
  form: Pick<ClickLog, "id" | "title" | "begins" | "readFile"> & { names: readonly string[] },
): ClickLog {
  const { names, ...rest } = form;
  const found = (source: Parameters<Reader["matches"]>[0]) =>
    names.map((name) => findFile(source, name)).find((path) => path !== undefined);
  return {
    ...rest,
    files: names.join(" or "),
    matches: (source) => found(source) !== undefined,
    read: async (source, name) => form.readFile(await source.open(found(source)!), name),
  };
}

/** Avazu's click-through rate prediction (Kaggle 2014): all columns but `id`, `click` and `hour` are categories. */
export const avazu = clickLog({
  id: "avazu",
  title: "Avazu click log",
  names: ["train.csv", "train.csv.gz", "train.gz"],
  begins: (line) => ["hour", "banner_pos", "site_id"].every((name) => line.split(",").includes(name)),
  async readFile(file, name) {
    const table: TableFile = { file, format: "csv" };
    const all = await withDatabase((database) => columnsOf(database, table));
    const columns = {
      label: "click",
      time: "hour",
      time_unit: "yymmddhh" as const,
      categories: all.filter((column) => !["id", "click", "hour"].includes(column)),
      numbers: [],
    };
    return readImpressions(table, columns, { name, reader: "avazu" });
  },
});

/** Criteo's display advertising challenge (Kaggle 2014): no header; times are not published. */
export const criteo = clickLog({
  id: "criteo",
  title: "Criteo click log",
  names: ["train.txt", "train.txt.gz"],
  begins: (line) => /^[01]\t/.test(line) && line.split("\t").length === 1 + COUNTS.length + CATEGORIES.length,
  readFile: (file, name) =>
    readImpressions(
      { file, format: "tsv", names: ["label", ...COUNTS, ...CATEGORIES] },
      { label: "label", categories: CATEGORIES, numbers: COUNTS },
      { name, reader: "criteo" },
    ),
});

/** The click log that a single text file is, by its first line; undefined where it is none. */
export async function clickLogAt(file: SourceFile): Promise<ClickLog | undefined> {
  const format = formatOf(file.path);
  const isText =
    format === "csv" || format === "tsv" || (format === undefined && /\.(txt|gz)$/i.test(file.path));
  if (!isText) return undefined;
  const { firstLine } = await readHead(file);
  return [avazu, criteo].find((form) => form.begins(firstLine));
}
