import { DataError } from "../../core/errors.js";
import { fileError } from "../../core/files.js";
import { readParquet, readParquetMetadata, writeParquet, type ReadColumn } from "../../core/parquet.js";
import { positionsByUser, type Dataset } from "../dataset.js";
import { PART, type PartName, type Split } from "../split.js";
import { hashSplit } from "./hash.js";

/**
 * A split as one Parquet table with the columns `user`, `item`, `time`, `part`, by external ids, so that it can be used
 * and made with any tool. A cold item is a row without a user, a cold user a row without an item. A split of dialogues
 * has the column `dialogue` too; a dialogue is a row with neither, and unused interactions have no row then.
 */
const COLD_ITEM = "cold-item";
const COLD_USER = "cold-user";

/** Saves a split; its description and whether it is a split by time go to the file's metadata. */
export async function writeSplit(path: string, dataset: Dataset, split: Split): Promise<void> {
  const { users, items, times } = dataset.interactions;
  const rows = {
    user: [] as (string | null)[],
    item: [] as (string | null)[],
    time: [] as number[],
    part: [] as string[],
  };
  const dialogue: (string | null)[] = [];
  const add = (
    user: string | null,
    item: string | null,
    time: number,
    part: string,
    id: string | null = null,
  ) => {
    dialogue.push(id);
    rows.user.push(user);
    rows.item.push(item);
    rows.time.push(time);
    rows.part.push(part);
  };
  const names = Object.keys(PART) as PartName[];
  split.parts.forEach((part, position) => {
    if (part === PART.unused && split.dialogues !== undefined) return;
    const name = names.find((candidate) => PART[candidate] === part) ?? "unused";
    add(
      dataset.users.keys[users[position]],
      dataset.items.keys[items[position]],
      times?.[position] ?? NaN,
      name,
    );
  });
  split.coldItems.forEach((cold, item) => {
    if (cold) add(null, dataset.items.keys[item], NaN, COLD_ITEM);
  });
  split.coldUsers.forEach((cold, user) => {
    if (cold) add(dataset.users.keys[user], null, NaN, COLD_USER);
  });
  split.dialogues?.forEach((part, number) => {
    const { id, time } = dataset.dialogues![number];
    add(null, null, time, names.find((candidate) => PART[candidate] === part) ?? "unused", id);
  });
  const columns = {
    ...rows,
    time: Float64Array.from(rows.time),
    ...(split.dialogues && { dialogue }),
  };
  await writeParquet(path, columns, { description: split.description, byTime: String(split.byTime) });
}

/**
 * Reads a split for this data set. Rows are matched to interactions by user, item and (where both have it) time;
 * interactions that the file does not name are unused.
 * @throws DataError where a column is missing, a row names a user, an item or a part that does not exist, or a pair
 * that is no interaction.
 */
export async function readSplit(path: string, dataset: Dataset): Promise<Split> {
  let table: Record<string, ReadColumn>;
  let metadata: Partial<Record<string, string>>;
  try {
    table = await readParquet(path);
    metadata = await readParquetMetadata(path);
  } catch (error) {
    throw fileError(
      new DataError("BAD_SPLIT_FILE", "not a Parquet file", { file: path, cause: error }),
      path,
    );
  }
  const text = (name: string): (string | null)[] => {
    if (!Object.hasOwn(table, name)) {
      throw new DataError("MISSING_COLUMN", `the split file has no column ${name}`, {
        file: path,
        column: name,
        hint: "A split file has the columns user, item, part and, where there are times, time.",
      });
    }
    return Array.from<string | number | string[] | null, string | null>(table[name], (value) =>
      value === null || Number.isNaN(value) ? null : String(value),
    );
  };
  const [user, item, part] = [text("user"), text("item"), text("part")];
  const time = table.time instanceof Float64Array ? table.time : null;
  const numberOf = (keys: readonly string[]) => new Map(keys.map((key, index) => [key, index]));
  const [userNumber, itemNumber] = [numberOf(dataset.users.keys), numberOf(dataset.items.keys)];
  const find = (numbers: Map<string, number>, key: string | null, kind: string, row: number) => {
    const found = key === null ? undefined : numbers.get(key);
    if (found !== undefined) return found;
    const problem =
      key === null ? `has no ${kind}` : `names the ${kind} ${key}, which is not in ${dataset.name}`;
    throw new DataError("BAD_SPLIT_FILE", `row ${row + 1} ${problem}`, {
      file: path,
      line: row + 1,
      column: kind,
    });
  };

  const { interactions } = dataset;
  const keyOf = (i: number, t: number) => `${i}/${interactions.times && time ? t : ""}`;
  // A map a user, made when the first of its rows comes: one of all rows would be more than a map can hold.
  const positions: (Map<string, number[]> | undefined)[] = [];
  const byUser = positionsByUser(dataset);
  const openPositions = (u: number): Map<string, number[]> => {
    const open = new Map<string, number[]>();
    for (const position of byUser[u]) {
      const key = keyOf(interactions.items[position], interactions.times?.[position] ?? NaN);
      const known = open.get(key);
      if (known) known.push(position);
      else open.set(key, [position]);
    }
    return open;
  };

  const parts = new Uint8Array(interactions.users.length);
  const coldItems = new Uint8Array(dataset.items.keys.length);
  const coldUsers = new Uint8Array(dataset.users.keys.length);
  const dialogue = Object.hasOwn(table, "dialogue") ? text("dialogue") : null;
  const dialogues = dialogue && new Uint8Array(dataset.dialogues?.length ?? 0);
  const dialogueNumber = numberOf((dataset.dialogues ?? []).map(({ id }) => id));
  part.forEach((name, row) => {
    if (dialogue && dialogues && dialogue[row] !== null && name !== null && Object.hasOwn(PART, name)) {
      dialogues[find(dialogueNumber, dialogue[row], "dialogue", row)] = PART[name as PartName];
    } else if (name === COLD_ITEM) coldItems[find(itemNumber, item[row], "item", row)] = 1;
    else if (name === COLD_USER) coldUsers[find(userNumber, user[row], "user", row)] = 1;
    else if (name !== null && Object.hasOwn(PART, name)) {
      const u = find(userNumber, user[row], "user", row);
      const i = find(itemNumber, item[row], "item", row);
      const open = (positions[u] ??= openPositions(u));
      const position = open.get(keyOf(i, time?.[row] ?? NaN))?.shift();
      if (position === undefined) {
        throw new DataError(
          "BAD_SPLIT_FILE",
          `row ${row + 1}: user ${user[row]} and item ${item[row]} do not interact`,
          {
            file: path,
            line: row + 1,
            hint: "The split belongs to other data or to other filters.",
          },
        );
      }
      parts[position] = PART[name as PartName];
    } else {
      throw new DataError("BAD_SPLIT_FILE", `row ${row + 1}: unknown part ${String(name)}`, {
        file: path,
        line: row + 1,
        column: "part",
        hint: `Parts are ${[...Object.keys(PART), COLD_ITEM, COLD_USER].join(", ")}.`,
      });
    }
  });
  const split = {
    description: metadata.description ?? `file ${path}`,
    parts,
    ...(dialogues && { dialogues }),
    coldItems,
    coldUsers,
    byTime: metadata.byTime === "true",
  };
  return { ...split, hash: hashSplit(dataset, split) };
}
