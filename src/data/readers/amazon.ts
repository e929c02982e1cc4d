import { basename } from "node:path";
import { countsOf, type Dataset } from "../dataset.js";
import type { Source } from "../source.js";
import { assemble } from "./assemble.js";
import { withDatabase, type Cell } from "../../core/duckdb.js";
import { encodeInteractions } from "./encode.js";
import type { Reader } from "./reader.js";
import { loadTableFile } from "./table-file.js";
import { itemTable, keyTableColumns, userTable } from "./tables.js";

const REVIEWS = /^(?!meta_)[A-Za-z0-9_]+\.jsonl(\.gz)?$/;

/** Descriptions of more items than these would not fit into memory: they are left out, and the history says so. */
const MOST_DESCRIBED = 500_000;

/** The review file that has its `meta_` file beside it, and that file. */
function pairOf(source: Source): { reviews: string; meta: string } | undefined {
  for (const reviews of source.names) {
    const name = basename(reviews);
    if (!REVIEWS.test(name)) continue;
    const stem = `meta_${name.replace(/\.gz$/, "")}`;
    const meta = source.names.find((other) => basename(other).replace(/\.gz$/, "") === stem);
    if (meta !== undefined) return { reviews, meta };
  }
  return undefined;
}

/**
 * Amazon Reviews 2023: `CATEGORY.jsonl.gz` (`user_id`, `parent_asin`, `rating`, `timestamp` in milliseconds) and
 * `meta_CATEGORY.jsonl.gz`. An item is a `parent_asin`. Its average rating and number of ratings are not read: they
 * are made of the test ratings too.
 */
export const amazon2023: Reader = {
  id: "amazon-2023",
  title: "Amazon Reviews 2023",
  files: "CATEGORY.jsonl.gz and meta_CATEGORY.jsonl.gz",
  matches: (source) => pairOf(source) !== undefined,
  async read(source, name): Promise<Dataset> {
    const { reviews, meta } = pairOf(source)!;
    const reviewFile = await source.open(reviews);
    const metaFile = await source.open(meta);
    return withDatabase(async (database) => {
      const metaLine = await loadTableFile(database, "items", { file: metaFile, format: "jsonl" }, [
        { column: "parent_asin", as: "key", type: "VARCHAR" },
        { column: "title", as: "title", type: "VARCHAR" },
        { column: "store", as: "store", type: "VARCHAR" },
        { column: "categories", as: "categories", type: "VARCHAR" },
        { column: "description", as: "description", type: "VARCHAR" },
      ]);
      const [[rows]] = await database.rows("SELECT count(*)::DOUBLE FROM items");
      const described = (rows as number) <= MOST_DESCRIBED;
      const items = await keyTableColumns(database, "items", {
        label: metaFile.label,
        keyColumn: "parent_asin",
        columns: ["key", "title", "store", "categories", ...(described ? ["description"] : [])],
        lineOf: metaLine,
      });
      const lineOf = await loadTableFile(database, "interactions", { file: reviewFile, format: "jsonl" }, [
        { column: "user_id", as: "user", type: "VARCHAR" },
        { column: "parent_asin", as: "item", type: "VARCHAR" },
        { column: "rating", as: "value", type: "FLOAT" },
        { column: "timestamp", as: "time", type: "DOUBLE" },
      ]);
      await database.run("UPDATE interactions SET time = time / 1000");
      const encoded = await encodeInteractions(database, {
        table: "interactions",
        value: true,
        time: true,
        label: reviewFile.label,
        columns: { user: "user_id", item: "parent_asin", value: "rating", time: "timestamp" },
        lineOf,
        items: "items",
      });
      const dataset = assemble({
        name,
        reader: amazon2023.id,
        encoded,
        tableRows: { items: rows as number },
        users: userTable(encoded.users),
        items: itemTable(encoded.items, {
          titles: items.get("title"),
          texts: {
            store: items.get("store")!,
            ...(described && {
              description: items.get("description")!.map((cell) => stringsOf(cell).join(" ")),
            }),
          },
          categories: items.get("categories")!.map(stringsOf),
        }),
      });
      if (described) return dataset;
      const step = countsOf(`descriptions left out: there are more than ${MOST_DESCRIBED} items`, dataset);
      return { ...dataset, history: [...dataset.history, step] };
    });
  },
};

/** A JSON list of strings, as DuckDB gives it back. */
function stringsOf(cell: Cell): string[] {
  if (cell === null) return [];
  const list = JSON.parse(String(cell)) as unknown;
  return Array.isArray(list) ? list.filter((part) => typeof part === "string") : [];
}
