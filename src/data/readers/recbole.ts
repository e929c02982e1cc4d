import { basename } from "node:path";
import { DataError } from "../../core/errors.js";
import type { Column, Dataset } from "../dataset.js";
import { findEndings, type Source, type SourceFile } from "../source.js";
import { assemble, readInteractions } from "./assemble.js";
import { layoutOf, type Layout } from "./delimited.js";
import { withDatabase, type Cell, type Database } from "../../core/duckdb.js";
import type { Reader } from "./reader.js";
import { itemTable, loadKeyTable, numberColumn, textColumn, userTable, type RawColumns } from "./tables.js";

/** A column of an atomic file: `movie_title:token_seq`. */
interface Field {
  readonly header: string;
  readonly name: string;
  readonly type: string;
}

const TYPES = ["token", "token_seq", "float", "float_seq"];
const TITLE = /^(movie_|book_|item_)?(title|name)$/;
const GENRES = /^(class|genres?|categor(y|ies))$/;
/** Tokens that are quantities all the same. */
const QUANTITY = /(^|_)(age|year)$/;

/**
 * RecBole's atomic files: tab-separated, with a header `name:type`. `.inter` has `user_id` and `item_id`, and may have
 * `rating` (else `label`) and `timestamp`; `.item` and `.user` begin with the id. The token sequence `class`, `genre` or
 * `categories` gives the genres, `title` (`movie_title`, `name`, ...) the title; other sequences are texts; other columns are
 * attributes, numbers where their type is float or their name says age or year.
 */
export const recbole: Reader = {
  id: "recbole",
  title: "RecBole atomic files",
  files: "NAME.inter, and NAME.item and NAME.user where there are such",
  matches: (source) => findEndings(source, ".inter").length > 0,
  async read(source: Source, name: string): Promise<Dataset> {
    const inter = findEndings(source, ".inter");
    const wanted = inter.find((path) => basename(path) === `${name}.inter`) ?? inter[0];
    if (inter.length > 1 && basename(wanted) !== `${name}.inter`) {
      throw new DataError("AMBIGUOUS_FILES", `there are several .inter files: ${inter.join(", ")}`, {
        file: source.label,
        hint: "Keep one data set in the folder.",
      });
    }
    const stem = wanted.slice(0, -".inter".length);
    const sibling = (ending: string) =>
      source.names.includes(stem + ending) ? source.open(stem + ending) : Promise.resolve(undefined);
    const files = [await source.open(wanted), await sibling(".user"), await sibling(".item")] as const;
    return withDatabase((database) => readAtomic(database, name, files));
  },
};

async function readAtomic(
  database: Database,
  name: string,
  [inter, user, item]: readonly [SourceFile, SourceFile | undefined, SourceFile | undefined],
): Promise<Dataset> {
  const users = user && (await readTable(database, "users", user, "user_id"));
  const items = item && (await readTable(database, "items", item, "item_id"));
  const layout = await atomicLayout(inter);
  const fields = fieldsOf(layout);
  const header = (field: string) => fields.find((one) => one.name === field)?.header;
  const encoded = await readInteractions(
    database,
    {
      file: inter,
      separator: "\t",
      quoted: false,
      user: header("user_id") ?? "user_id:token",
      item: header("item_id") ?? "item_id:token",
      value: header("rating") ?? header("label"),
      time: header("timestamp"),
    },
    { users: users && "users", items: items && "items" },
  );
  const tableRows = { users: users?.rows, items: items?.rows };
  const genres = items?.fields.find((field) => GENRES.test(field.name));
  const title = items?.fields.find((field) => TITLE.test(field.name));
  const rest = items?.fields.filter((field) => field !== genres && field !== title) ?? [];
  const texts = rest.filter((field) => field.type === "token_seq");
  return assemble({
    name,
    reader: recbole.id,
    encoded,
    tableRows,
    users: userTable(encoded.users, users && attributesOf(users.fields, users.columns)),
    items: itemTable(encoded.items, {
      titles: title && items?.columns.get(title.header),
      categories: genres && items?.columns.get(genres.header)!.map((cell) => String(cell ?? "").split(/\s+/)),
      texts: Object.fromEntries(texts.map((field) => [field.name, items!.columns.get(field.header)!])),
      attributes:
        items &&
        attributesOf(
          rest.filter((field) => !texts.includes(field)),
          items.columns,
        ),
    }),
  });
}

async function readTable(database: Database, target: string, file: SourceFile, id: string) {
  const layout = await atomicLayout(file);
  const all = fieldsOf(layout);
  const key = all.find((field) => field.name === id);
  if (key === undefined) {
    throw new DataError("MISSING_COLUMN", `there is no column "${id}:token"`, {
      file: file.label,
      line: 1,
      column: id,
      hint: `Found: ${layout.columns.join(", ")}.`,
    });
  }
  const fields = all.filter((field) => field !== key);
  const columns = await loadKeyTable(database, target, layout, [
    { column: key.header, as: "key", type: "VARCHAR" },
    ...fields.map(({ header, type }) => ({
      column: header,
      as: header,
      type: type === "float" ? ("DOUBLE" as const) : ("VARCHAR" as const),
    })),
  ]);
  return { fields, columns, rows: columns.get("key")!.length };
}

function atomicLayout(file: SourceFile): Promise<Layout> {
  return layoutOf({ file, separator: "\t", quoted: false }, []);
}

function fieldsOf(layout: Layout): Field[] {
  return layout.columns.map((header) => {
    const parts = header.split(":");
    const [name, type] = parts;
    if (parts.length !== 2 || !TYPES.includes(type)) {
      throw new DataError("BAD_HEADER", `the column "${header}" is not named "name:type"`, {
        file: layout.file.label,
        line: layout.head.lineNumber,
        column: header,
        hint: `The type is one of ${TYPES.join(", ")}, and columns are separated by tabs.`,
      });
    }
    return { header, name, type };
  });
}

function attributesOf(fields: readonly Field[], columns: RawColumns): Record<string, Column> {
  return Object.fromEntries(
    fields.map(({ name, type, header }) => {
      const cells: readonly Cell[] = columns.get(header)!;
      const numeric = type === "float" || QUANTITY.test(name);
      return [name, numeric ? numberColumn(cells, cells.length) : textColumn(cells, cells.length)];
    }),
  );
}
