import { DataError } from "../../core/errors.js";
import { countsOf, type Dataset } from "../dataset.js";
import { findFile, type Source, type SourceFile } from "../source.js";
import { linesOf, readHead } from "./head.js";
import { parsePython, PythonSyntaxError, type PythonValue } from "./python-literal.js";
import type { Reader } from "./reader.js";
import { itemTable, userTable } from "./tables.js";

type Row = Record<string, PythonValue>;

const fileOf = (source: Source, stem: string) =>
  findFile(source, `${stem}.json.gz`) ?? findFile(source, `${stem}.json`);

/**
 * Steam, version 2: `steam_reviews.json.gz` and `steam_games.json.gz`, whose lines are Python dictionaries rather than
 * JSON. A user is a `username`, an item a `product_id`; reviews have no rating, so there are no values; the time is the
 * start of the review's day (UTC). Games that lack an id, or repeat one, are left out and counted.
 */
export const steam: Reader = {
  id: "steam",
  title: "Steam reviews",
  files: "steam_reviews.json.gz, steam_games.json.gz",
  matches: (source) =>
    fileOf(source, "steam_reviews") !== undefined && fileOf(source, "steam_games") !== undefined,
  async read(source, name): Promise<Dataset> {
    const games = await readGames(await source.open(fileOf(source, "steam_games")!));
    const reviews = await readReviews(await source.open(fileOf(source, "steam_reviews")!), games.keys);
    const { rows } = games;
    const data = {
      users: userTable(reviews.users),
      items: itemTable(reviews.items, {
        titles: rows.map((row) => text(row.title) || text(row.app_name)),
        texts: {
          developer: rows.map((row) => text(row.developer)),
          tags: rows.map((row) => texts(row.tags).join(", ")),
        },
        categories: rows.map((row) => texts(row.genres)),
        attributes: {
          year: Float64Array.from(rows, (row) =>
            Number(/\b(19|20)\d\d\b/.exec(text(row.release_date))?.[0] ?? NaN),
          ),
        },
      }),
      interactions: reviews.interactions,
    };
    const history = [countsOf(`read by ${steam.id}`, data)];
    if (games.left > 0)
      history.push(countsOf(`${games.left} games without an id, or with a repeated one: left out`, data));
    const strangers = reviews.items.length - rows.length;
    if (strangers > 0)
      history.push(countsOf(`of these ${strangers} items are not in the items table: kept`, data));
    return { name, ...data, notes: [], history };
  },
};

const text = (value: PythonValue | undefined) => (typeof value === "string" ? value : "");
const texts = (value: PythonValue | undefined) =>
  Array.isArray(value) ? value.filter((part) => typeof part === "string") : [];

async function* rowsOf(file: SourceFile): AsyncGenerator<{ row: Row; number: number }> {
  await readHead(file);
  for await (const { line, number } of linesOf(file)) {
    if (line === "") continue;
    let row: PythonValue;
    try {
      row = parsePython(line);
    } catch (error) {
      if (!(error instanceof PythonSyntaxError)) throw error;
      throw new DataError("BAD_LINE", `this is not a Python dictionary: ${error.message}`, {
        file: file.label,
        line: number,
        column: error.at + 1,
      });
    }
    if (row === null || typeof row !== "object" || Array.isArray(row)) {
      throw new DataError("BAD_LINE", "this is not a Python dictionary", { file: file.label, line: number });
    }
    yield { row, number };
  }
}

async function readGames(
  file: SourceFile,
): Promise<{ keys: Map<string, number>; rows: Row[]; left: number }> {
  const keys = new Map<string, number>();
  const rows: Row[] = [];
  let left = 0;
  for await (const { row } of rowsOf(file)) {
    const id = text(row.id);
    if (id === "" || keys.has(id)) {
      left++;
      continue;
    }
    keys.set(id, rows.length);
    rows.push(row);
  }
  return { keys, rows, left };
}

async function readReviews(file: SourceFile, itemNumbers: Map<string, number>) {
  const userNumbers = new Map<string, number>();
  const users: number[] = [];
  const items: number[] = [];
  const times: number[] = [];
  const numberOf = (numbers: Map<string, number>, key: string) => {
    let number = numbers.get(key);
    if (number === undefined) numbers.set(key, (number = numbers.size));
    return number;
  };
  for await (const { row, number } of rowsOf(file)) {
    const place = { file: file.label, line: number };
    const [user, item, date] = [text(row.username), text(row.product_id), text(row.date)];
    for (const [column, value] of [
      ["username", user],
      ["product_id", item],
      ["date", date],
    ] as const) {
      if (value === "") throw new DataError("BAD_VALUE", `the ${column} is missing`, { ...place, column });
    }
    const time = Date.parse(`${date}T00:00:00Z`) / 1000;
    if (Number.isNaN(time))
      throw new DataError("BAD_VALUE", `"${date}" is not a date`, { ...place, column: "date" });
    users.push(numberOf(userNumbers, user));
    items.push(numberOf(itemNumbers, item));
    times.push(time);
  }
  return {
    users: [...userNumbers.keys()],
    items: [...itemNumbers.keys()],
    interactions: {
      users: Int32Array.from(users),
      items: Int32Array.from(items),
      values: null,
      times: Float64Array.from(times),
    },
  };
}
