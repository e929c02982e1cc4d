import { readFile } from "node:fs/promises";
import { z } from "zod";
import { DataError } from "../core/errors.js";
import { fileError } from "../core/files.js";
import { suggestName } from "../core/names.js";
import type { ItemTable } from "../data/dataset.js";
import { itemsWithWords } from "../data/items-in-words.js";

const line = z
  .object({
    id: z.union([z.string().min(1), z.int()]).transform(String),
    title: z.string().default(""),
    genres: z.array(z.string()).default([]),
  })
  .catchall(z.string());

const HINT =
  'Expected on each line: {"id": "...", "title": "...", "genres": ["..."]} and text fields of the data set.';

/**
 * New items from a JSONL file, as a table of their own: `id`, `title`, `genres` and the data set's text fields (`director`, `plot`, ...).
 * @throws DataError naming file and line: BAD_ITEM, UNKNOWN_FIELD, KNOWN_ITEM, ITEM_TWICE, NO_TEXT (nothing to judge it by), NO_ITEMS.
 */
export async function readNewItems(file: string, known: ItemTable): Promise<ItemTable> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw fileError(error, file);
  });
  const fields = Object.keys(known.texts);
  const lines: number[] = [];
  const rows: z.infer<typeof line>[] = [];
  const taken = new Set(known.keys);
  for (const [n, content] of text.split("\n").entries()) {
    if (content.trim() === "") continue;
    const problem = (code: string, message: string, hint = HINT) =>
      new DataError(code, message, { file, line: n + 1, hint });
    const row = parse(content, problem);
    const { id } = row;
    const names = ["id", "title", "genres", ...fields];
    const strange = Object.keys(row).find((field) => !names.includes(field));
    if (strange !== undefined) {
      const hint = suggestName(strange, names);
      throw problem("UNKNOWN_FIELD", `the data set's items have no field ${strange}`, hint);
    }
    if (taken.has(id)) {
      const isKnown = known.keys.includes(id);
      throw problem(
        isKnown ? "KNOWN_ITEM" : "ITEM_TWICE",
        isKnown ? `the data set has an item ${id} already` : `item ${id} is on an earlier line, too`,
        "Every new item needs an id of its own.",
      );
    }
    taken.add(id);
    rows.push(row);
    lines.push(n + 1);
  }
  if (rows.length === 0) throw new DataError("NO_ITEMS", "the file holds no items", { file, hint: HINT });

  const categoryNames = [...new Set(rows.flatMap(({ genres }) => genres))];
  const table: ItemTable = {
    keys: rows.map(({ id }) => id),
    titles: rows.map(({ title }) => title),
    texts: Object.fromEntries(
      fields.map((field) => [
        field,
        rows.map((row) => (row as Readonly<Record<string, string>>)[field] ?? ""),
      ]),
    ),
    categoryNames,
    categories: rows.map(({ genres }) => genres.map((genre) => categoryNames.indexOf(genre))),
    attributes: {},
  };
  const silent = itemsWithWords(table).indexOf(0);
  if (silent >= 0) {
    throw new DataError("NO_TEXT", `nobody can judge item ${table.keys[silent]}: it has no words`, {
      file,
      line: lines[silent],
      hint: "Give it a title.",
    });
  }
  return table;
}

function parse(content: string, problem: (code: string, message: string) => DataError): z.infer<typeof line> {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    throw problem("BAD_ITEM", "not JSON");
  }
  const parsed = line.safeParse(value);
  if (!parsed.success) throw problem("BAD_ITEM", z.prettifyError(parsed.error).replace(/\s+/g, " "));
  return parsed.data;
}
