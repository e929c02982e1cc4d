import { DataError } from "../../core/errors.js";
import type { Dataset } from "../dataset.js";
import { PART, type Split } from "../split.js";
import { hashSplit } from "../splits/hash.js";
import { findFile, type Source } from "../source.js";
import { linesOf, readHead } from "./head.js";

/** The files of the split, the part that each gives, and whether its items are cold. */
const FILES = [
  { name: "warm_emb.csv", part: PART.train, cold: false },
  { name: "warm_val.csv", part: PART.validation, cold: false },
  { name: "warm_test.csv", part: PART.test, cold: false },
  { name: "cold_item_val.csv", part: PART.validation, cold: true },
  { name: "cold_item_test.csv", part: PART.test, cold: true },
] as const;

/**
 * The split published with ColdLLM (folder `coldllm/`, files `user,item` with 0-based numbers): train, and validation
 * and test of warm and of cold items. Undefined where none of its files is there.
 * @throws DataError `MISSING_FILE`, `UNKNOWN_PAIR` (a pair that is no interaction), `PAIR_TWICE` (in two parts, or twice in one),
 *   `COLD_ITEM_WARM` (an item of the cold files that is in a warm one)
 */
export async function readPublishedSplit(
  source: Source,
  data: Pick<Dataset, "users" | "items" | "interactions">,
): Promise<Split | undefined> {
  const paths = FILES.map(({ name }) => findFile(source, `coldllm/${name}`));
  if (paths.every((path) => path === undefined)) return undefined;
  const absent = paths.indexOf(undefined);
  if (absent !== -1) {
    throw new DataError("MISSING_FILE", `the published split lacks ${FILES[absent].name}`, {
      file: source.label,
      hint: `Its folder coldllm/ must hold ${FILES.map(({ name }) => name).join(", ")}.`,
    });
  }

  const { users, items } = data.interactions;
  const itemCount = data.items.keys.length;
  const positions = new Map<number, number>();
  for (let n = 0; n < users.length; n++) positions.set(users[n] * itemCount + items[n], n);
  const parts = new Uint8Array(users.length);
  const warmItems = new Uint8Array(itemCount);
  const coldItems = new Uint8Array(itemCount);
  for (const [index, { part, cold }] of FILES.entries()) {
    const file = await source.open(paths[index]!);
    await readHead(file);
    for await (const { line, number } of linesOf(file)) {
      const place = { file: file.label, line: number };
      if (number === 1) {
        if (line.trim() !== "user,item") {
          throw new DataError("MISSING_COLUMN", `the header is "${line.trim()}", not "user,item"`, place);
        }
        continue;
      }
      if (line === "") continue;
      const match = /^(\d+),(\d+)$/.exec(line.trim());
      if (match === null)
        throw new DataError("BAD_LINE", `"${line}" is not a pair "user,item" of numbers`, place);
      const [user, item] = [Number(match[1]), Number(match[2])];
      const position = item < itemCount ? positions.get(user * itemCount + item) : undefined;
      if (position === undefined) {
        throw new DataError("UNKNOWN_PAIR", `user ${user} has no interaction with item ${item}`, place);
      }
      if (parts[position] !== PART.unused) {
        throw new DataError("PAIR_TWICE", `the pair ${user},${item} is in the split already`, place);
      }
      parts[position] = part;
      const [mine, others] = cold ? [coldItems, warmItems] : [warmItems, coldItems];
      if (others[item] === 1) {
        throw new DataError(
          "COLD_ITEM_WARM",
          `the item ${item} is in the files of warm items and of cold items`,
          place,
        );
      }
      mine[item] = 1;
    }
  }
  const split = {
    description: "as-published(ColdLLM)",
    parts,
    coldItems,
    coldUsers: new Uint8Array(data.users.keys.length),
    byTime: false,
  };
  return { ...split, hash: hashSplit(data, split) };
}
