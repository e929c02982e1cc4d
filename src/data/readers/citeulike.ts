import { DataError } from "../../core/errors.js";
import { countsOf, type Dataset } from "../dataset.js";
import { findFile, type Source, type SourceFile } from "../source.js";
import { readPublishedSplit } from "./coldllm-split.js";
import { linesOf, readHead } from "./head.js";
import type { Reader } from "./reader.js";
import { itemTable, userTable } from "./tables.js";

/** Must stand under every table made from these data. */
export const CITEULIKE_NOTE =
  "CiteULike: an item's text is its tags. Users typed these tags while saving articles, so rows that use them are not strictly cold.";

/**
 * CiteULike-a: `users.dat` (one line a user: how many articles, then their 0-based numbers), `item-tag.dat` (one line an
 * item: how many tags, then their 0-based numbers) and `tags.dat` (one name a line). There are no titles: an item's
 * text is its tags. The folder `coldllm/`, where it is there, gives the split published with ColdLLM.
 */
export const citeulike: Reader = {
  id: "citeulike",
  title: "CiteULike-a",
  files: "users.dat, item-tag.dat and tags.dat, and the folder coldllm/ where there is one",
  matches: (source) =>
    ["users.dat", "item-tag.dat", "tags.dat"].every((name) => findFile(source, name) !== undefined),
  async read(source: Source, name: string): Promise<Dataset> {
    const open = (file: string) => source.open(findFile(source, file)!);
    const tagNames = await readNames(await open("tags.dat"));
    const itemTags = await readLists(await open("item-tag.dat"), "tag", tagNames.length);
    const userItems = await readLists(await open("users.dat"), "item", itemTags.length);

    const size = userItems.reduce((sum, items) => sum + items.length, 0);
    const users = new Int32Array(size);
    const items = new Int32Array(size);
    let at = 0;
    userItems.forEach((list, user) => {
      users.fill(user, at, at + list.length);
      items.set(list, at);
      at += list.length;
    });
    const numbered = (length: number) => Array.from({ length }, (_, index) => String(index));
    const data = {
      users: userTable(numbered(userItems.length)),
      items: itemTable(numbered(itemTags.length), {
        texts: { tags: itemTags.map((tags) => tags.map((tag) => tagNames[tag]).join(", ")) },
      }),
      interactions: { users, items, values: null, times: null },
    };
    const published = await readPublishedSplit(source, data);
    return {
      name,
      ...data,
      ...(published && { published }),
      notes: [CITEULIKE_NOTE],
      history: [countsOf(`read by ${citeulike.id}`, data)],
    };
  },
};

async function readNames(file: SourceFile): Promise<string[]> {
  await readHead(file);
  const names: string[] = [];
  for await (const { line } of linesOf(file)) names.push(line.trim());
  return names;
}

/** Lines of "COUNT NUMBER NUMBER ...": the numbers must be as many as said, below `limit` and different. */
async function readLists(file: SourceFile, what: string, limit: number): Promise<number[][]> {
  await readHead(file);
  const lists: number[][] = [];
  for await (const { line, number } of linesOf(file)) {
    const fault = (message: string, column?: number) =>
      new DataError("BAD_LINE", message, {
        file: file.label,
        line: number,
        column,
        hint: `Each line is the number of ${what}s, then that many ${what} numbers from 0 to ${limit - 1}, separated by spaces.`,
      });
    const fields = line.trim().split(/\s+/);
    const numbers = fields.map(Number);
    const bad = fields.findIndex((field) => !/^\d+$/.test(field));
    if (bad !== -1) throw fault(`"${fields[bad]}" is not a number of the form 123`, bad + 1);
    const [count, ...ids] = numbers;
    if (count !== ids.length) throw fault(`this line announces ${count} ${what}s but lists ${ids.length}`);
    const out = ids.findIndex((id) => id >= limit);
    if (out !== -1) throw fault(`there is no ${what} ${ids[out]}`, out + 2);
    if (new Set(ids).size !== ids.length) {
      const twice = ids.findIndex((id, index) => ids.indexOf(id) !== index);
      throw fault(`the ${what} ${ids[twice]} is listed twice`, twice + 2);
    }
    lists.push(ids);
  }
  return lists;
}
