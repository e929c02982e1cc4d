import { basename, dirname, join } from "node:path";
import type { z } from "zod";
import { DataError, UsageError } from "../../core/errors.js";
import type { Column, Dataset } from "../dataset.js";
import type { SourceFile } from "../source.js";
import { readYaml } from "../yaml-file.js";
import { assemble } from "./assemble.js";
import type { Wanted } from "./delimited.js";
import { withDatabase, type Cell, type Database } from "../../core/duckdb.js";
import { encodeInteractions } from "./encode.js";
import {
  itemTable,
  keyTableColumns,
  numberColumn,
  textColumn,
  userTable,
  type RawColumns,
} from "./tables.js";
import { readImpressions } from "./impressions.js";
import {
  type ImpressionDescriptor,
  impressionDescriptor,
  tableDescriptor,
  type InteractionColumns,
  type TableDescriptor,
} from "./table-descriptor.js";
import { columnsOf, loadTableFile, requireFormat, type TableFile, type TableFormat } from "./table-file.js";
import { convertTimes, timeType, type TimeUnit } from "./times.js";

/** Reads the data set that a YAML descriptor describes; its files are looked for beside it. */
export async function readDescribedTable(path: string, name?: string): Promise<Dataset> {
  const suited = (document: object): z.ZodType<TableDescriptor | ImpressionDescriptor> =>
    Object.hasOwn(document, "impressions") ? impressionDescriptor : tableDescriptor;
  const descriptor = await readYaml(path, suited);
  const folder = dirname(path);
  const locate = (file: string): SourceFile => {
    const full = join(folder, file);
    return { path: full, label: full };
  };
  const called = name ?? descriptor.name ?? basename(folder);
  if ("interactions" in descriptor) return readPlainTable(descriptor, locate, called);
  const { impressions, notes } = descriptor;
  return readImpressions(tableAt(impressions, locate), impressions, {
    name: called,
    reader: "impressions",
    notes,
  });
}

/** A described file as a table. */
function tableAt(
  part: Omit<TableFile, "file" | "format" | "names"> & { file: string; format?: TableFormat },
  locate: (file: string) => SourceFile,
): TableFile {
  const { separator, header, encoding } = part;
  const file = locate(part.file);
  return { file, format: part.format ?? requireFormat(part.file, file.label), separator, header, encoding };
}

/** Reads a single table of interactions, its columns named by the caller or recognised by common names. */
export function readSingleTable(
  file: SourceFile,
  name: string,
  columns?: Partial<InteractionColumns>,
): Promise<Dataset> {
  return readPlainTable({ interactions: { file: file.path } }, () => file, name, columns);
}

async function readPlainTable(
  descriptor: TableDescriptor,
  locate: (file: string) => SourceFile,
  name: string,
  given?: Partial<InteractionColumns>,
): Promise<Dataset> {
  const { interactions, items, users, notes } = descriptor;
  const tableOf = (part: Parameters<typeof tableAt>[0]) => tableAt(part, locate);
  return withDatabase(async (database) => {
    const userRows =
      users && (await readKeyTable(database, "users", tableOf(users), users.id, users.attributes ?? []));
    const itemColumns = items && [
      ...(items.title === undefined ? [] : [items.title]),
      ...(items.texts ?? []),
      ...(items.categories === undefined ? [] : [items.categories.column]),
      ...(items.attributes ?? []),
    ];
    const itemRows = items && (await readKeyTable(database, "items", tableOf(items), items.id, itemColumns!));
    const table = tableOf(interactions);
    const columns = interactions.columns ?? (await recogniseColumns(database, table, given));
    const lineOf = await loadInteractions(database, table, columns, interactions.time_unit ?? "seconds");
    const encoded = await encodeInteractions(database, {
      table: "interactions",
      value: columns.value !== undefined,
      time: columns.time !== undefined,
      label: table.file.label,
      columns,
      lineOf,
      users: users && "users",
      items: items && "items",
    });
    if (itemRows !== undefined && !encoded.interactions.items.some((item) => item < itemRows.rows)) {
      throw new DataError("NO_COMMON_IDS", "no item of the interactions is in the item table", {
        file: locate(items!.file).label,
        column: items!.id,
        hint: `An item there is "${encoded.items[0]}", in the interactions "${encoded.items[encoded.interactions.items[0]]}": is "id" the right column?`,
      });
    }
    return assemble({
      name,
      reader: "table",
      encoded,
      tableRows: { users: userRows?.rows, items: itemRows?.rows },
      notes,
      users: userTable(encoded.users, userRows && attributesOf(userRows.columns, users.attributes ?? [])),
      items: itemTable(
        encoded.items,
        itemRows && {
          titles: items.title === undefined ? undefined : itemRows.columns.get(items.title),
          texts: Object.fromEntries((items.texts ?? []).map((text) => [text, itemRows.columns.get(text)!])),
          categories: categoriesOf(itemRows.columns, items.categories),
          attributes: attributesOf(itemRows.columns, items.attributes ?? []),
        },
      ),
    });
  });
}

async function readKeyTable(
  database: Database,
  target: string,
  table: TableFile,
  id: string,
  columns: readonly string[],
): Promise<{ columns: RawColumns; rows: number }> {
  const others = [...new Set(columns)].filter((column) => column !== "key");
  const wanted: Wanted[] = [
    { column: id, as: "key", type: "VARCHAR" },
    ...others.map((column): Wanted => ({ column, as: column, type: "VARCHAR" })),
  ];
  const lineOf = await loadTableFile(database, target, table, wanted);
  const read = await keyTableColumns(database, target, {
    label: table.file.label,
    keyColumn: id,
    columns: ["key", ...others],
    lineOf,
  });
  return { columns: read, rows: read.get("key")!.length };
}

async function loadInteractions(
  database: Database,
  table: TableFile,
  columns: InteractionColumns,
  unit: TimeUnit,
): Promise<(row: number, text: string | null) => Promise<number | undefined>> {
  const wanted: Wanted[] = [
    { column: columns.user, as: "user", type: "VARCHAR" },
    { column: columns.item, as: "item", type: "VARCHAR" },
  ];
  if (columns.value !== undefined) wanted.push({ column: columns.value, as: "value", type: "FLOAT" });
  if (columns.time !== undefined) {
    wanted.push({ column: columns.time, as: "time", type: timeType(unit) });
  }
  const lineOf = await loadTableFile(database, "interactions", table, wanted);
  if (columns.time !== undefined) {
    await convertTimes(database, { unit, column: columns.time, file: table.file.label, lineOf });
  }
  return lineOf;
}

/** Common names of each column, in lower case without "_", "-" and spaces. */
const COMMON = {
  user: ["user", "userid", "uid", "reviewerid", "customerid", "visitorid"],
  item: ["item", "itemid", "iid", "movieid", "bookid", "productid", "articleid", "parentasin", "asin"],
  value: ["value", "rating", "score", "stars", "overall"],
  time: ["time", "timestamp", "unixtime", "unixreviewtime", "date", "datetime"],
} as const;

async function recogniseColumns(
  database: Database,
  table: TableFile,
  given: Partial<InteractionColumns> = {},
): Promise<InteractionColumns> {
  const found = await columnsOf(database, table);
  const plain = (name: string) => name.toLowerCase().replace(/[_\- ]/g, "");
  const pick = (side: keyof typeof COMMON) =>
    given[side] ?? found.find((name) => (COMMON[side] as readonly string[]).includes(plain(name)));
  const user = pick("user");
  const item = pick("item");
  if (user === undefined || item === undefined) {
    throw new UsageError(
      "COLUMNS_UNKNOWN",
      `it is not clear which column is the ${user === undefined ? "user" : "item"}`,
      {
        file: table.file.label,
        hint: `Name the columns (--set columns.user=NAME, columns.item, columns.value, columns.time), or describe the table in a dataset.yaml (docs/datasets.md); there, a log of impressions needs neither user nor item. Found: ${found.join(", ")}.`,
      },
    );
  }
  return { user, item, value: pick("value"), time: pick("time") };
}

function categoriesOf(
  columns: RawColumns,
  categories: { column: string; separator?: string } | undefined,
): string[][] | undefined {
  if (categories === undefined) return undefined;
  return columns.get(categories.column)!.map((cell) => listOf(cell, categories.separator ?? "|"));
}

/** A list written as JSON (of strings) or with a separator between its parts. */
function listOf(cell: Cell, separator: string): string[] {
  const text = String(cell ?? "");
  if (text.startsWith("[")) {
    try {
      const list: unknown = JSON.parse(text);
      if (Array.isArray(list)) return list.map(String);
    } catch {
      // Not JSON: a genre may begin with a bracket.
    }
  }
  return text.split(separator);
}

/** Columns as attributes: numbers where every value that is there is one (and none has a leading zero, as codes do). */
function attributesOf(columns: RawColumns, names: readonly string[]): Record<string, Column> {
  return Object.fromEntries(
    names.map((name) => {
      const cells = columns.get(name)!;
      const numeric = cells.every((cell) => {
        const text = String(cell ?? "").trim();
        return (
          text === "" || (/^-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?$/i.test(text) && Number.isFinite(Number(text)))
        );
      });
      return [name, numeric ? numberColumn(cells, cells.length) : textColumn(cells, cells.length)];
    }),
  );
}

/** The file within a folder that describes it. */
export const DESCRIPTOR_FILES = ["dataset.yaml", "dataset.yml"];
