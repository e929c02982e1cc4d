import { DataError } from "../../core/errors.js";
import type { Dataset } from "../dataset.js";
import { findFile, type Source, type SourceFile } from "../source.js";
import { assemble, readInteractions } from "./assemble.js";
import { literal, withDatabase, type Database } from "../../core/duckdb.js";
import { linesOf, readHead } from "./head.js";
import type { Reader } from "./reader.js";
import { itemTable, numberColumn, textColumn, userTable } from "./tables.js";

const ITEMS = "items_info.dat";
const USERS = "users_info.dat";

/** Book-Crossing as cleaned by Arthur Fortes: the explicit ratings from 1 to 10 (`book_ratings.dat`). */
export const bookCrossing: Reader = {
  id: "book-crossing",
  title: "Book-Crossing, explicit ratings",
  files: "book_ratings.dat, items_info.dat, users_info.dat",
  matches: (source) =>
    ["book_ratings.dat", ITEMS, USERS].every((name) => findFile(source, name) !== undefined),
  read: (source, name) => read(source, name, bookCrossing.id, "book_ratings.dat", "rating"),
};

/** The same books and users with everything that a user has had, rated or not (`book_history.dat`): no values. */
export const bookCrossingHistory: Reader = {
  id: "book-crossing-history",
  title: "Book-Crossing, implicit history",
  files: "book_history.dat, items_info.dat, users_info.dat",
  matches: (source) =>
    ["book_history.dat", ITEMS, USERS].every((name) => findFile(source, name) !== undefined),
  read: (source, name) => read(source, name, bookCrossingHistory.id, "book_history.dat", undefined),
};

async function read(
  source: Source,
  name: string,
  reader: string,
  file: string,
  value: string | undefined,
): Promise<Dataset> {
  const open = (one: string) => source.open(findFile(source, one)!);
  const books = await readBooks(await open(ITEMS));
  const people = await readRows(await open(USERS), ["User-ID", "Location", "Age"]);
  const interactions = await open(file);
  return withDatabase(async (database) => {
    await keyTable(database, "items", books.keys);
    await keyTable(
      database,
      "users",
      people.map(({ fields }) => fields[0]),
    );
    const encoded = await readInteractions(
      database,
      { file: interactions, separator: "\t", quoted: false, user: "user", item: "item", value },
      { users: "users", items: "items" },
    );
    const column = (index: number) => people.map(({ fields }) => fields[index] ?? "");
    return assemble({
      name,
      reader,
      encoded,
      tableRows: { users: people.length, items: books.keys.length },
      users: userTable(encoded.users, {
        location: textColumn(column(1), people.length),
        age: numberColumn(column(2), people.length),
      }),
      items: itemTable(encoded.items, {
        titles: books.titles,
        texts: { author: books.authors, publisher: books.publishers },
        attributes: { year: Float64Array.from(books.years), isbn: books.isbns },
      }),
    });
  });
}

async function keyTable(database: Database, table: string, keys: readonly string[]): Promise<void> {
  await database.run(`CREATE TEMP TABLE ${table} (key VARCHAR)`);
  for (let at = 0; at < keys.length; at += 5000) {
    const values = keys.slice(at, at + 5000).map((key) => `(${literal(key)})`);
    await database.run(`INSERT INTO ${table} VALUES ${values.join(", ")}`);
  }
}

interface Row {
  fields: string[];
  line: number;
}

/** The tab-separated fields of each line after the header; the first is the id, which must be there once. */
async function readRows(file: SourceFile, header: readonly string[]): Promise<Row[]> {
  const { firstLine } = await readHead(file);
  const names = firstLine.split("\t");
  const missing = header.find((name) => !names.includes(name));
  if (missing !== undefined) {
    throw new DataError("MISSING_COLUMN", `there is no column "${missing}"`, {
      file: file.label,
      line: 1,
      column: missing,
      hint: `The columns, separated by tabs, are ${header.join(", ")}.`,
    });
  }
  const rows: Row[] = [];
  const lines = new Map<string, number>();
  for await (const { line, number } of linesOf(file)) {
    if (number === 1 || line.trim() === "") continue;
    const fields = line.split("\t");
    const place = { file: file.label, line: number, column: header[0] };
    if (!/^\d+$/.test(fields[0])) throw new DataError("BAD_ID", `"${fields[0]}" is not a number`, place);
    const before = lines.get(fields[0]);
    if (before !== undefined) {
      throw new DataError("DUPLICATE_ID", `the id "${fields[0]}" was given before, on line ${before}`, place);
    }
    lines.set(fields[0], number);
    if (fields.length < header.length) {
      throw new DataError(
        "MISSING_FIELDS",
        `this line has ${fields.length} of ${header.length} fields`,
        place,
      );
    }
    rows.push({ fields, line: number });
  }
  return rows;
}

interface Books {
  keys: string[];
  isbns: string[];
  titles: string[];
  authors: string[];
  years: number[];
  publishers: string[];
}

/**
 * The cleaning replaced each ";" of the original by a tab, those inside "&amp;" and inside titles too, so that a
 * thousand lines have too many fields. They are put together again around the two fields that can't be mistaken: the
 * year, and the first image's address.
 */
async function readBooks(file: SourceFile): Promise<Books> {
  const rows = await readRows(file, [
    "Book_ID",
    "ISBN",
    "Book-Title",
    "Book-Author",
    "Year-Of-Publication",
    "Publisher",
  ]);
  const books: Books = { keys: [], isbns: [], titles: [], authors: [], years: [], publishers: [] };
  for (const row of rows) {
    const fields = row.fields
      .join("\t")
      .replace(/&amp\t ?/g, "& ")
      .split("\t");
    const image = fields.findIndex((field) => field.startsWith("http://"));
    const end = image === -1 ? fields.length : image;
    // The last number of four digits (or 0, unknown) before the publisher; a title may hold years of its own.
    let year = end - 1;
    while (year > 3 && !/^(\d{4}|0)$/.test(fields[year])) year--;
    if (year <= 3) {
      throw new DataError("BAD_LINE", `book ${fields[0]} has no year of publication`, {
        file: file.label,
        line: row.line,
        column: "Year-Of-Publication",
      });
    }
    books.keys.push(fields[0]);
    books.isbns.push(fields[1]);
    books.titles.push(
      fields
        .slice(2, year - 1)
        .join(";")
        .trim(),
    );
    books.authors.push(fields[year - 1].trim());
    books.years.push(fields[year] === "0" ? NaN : Number(fields[year]));
    books.publishers.push(
      fields
        .slice(year + 1, end)
        .join(";")
        .trim(),
    );
  }
  return books;
}
