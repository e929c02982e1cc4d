import { countsOf, type Dataset, type HistoryStep, type ItemTable } from "../dataset.js";
import type { Dialogue } from "../dialogue.js";
import { hashSplit } from "../splits/hash.js";
import { userTable } from "./tables.js";

/**
 * A data set of dialogues alone, with the split that their files are.
 * @param read.parts - one of PART for each dialogue.
 * @param read.left - what the reader left out or could not tell, with how often; what never happened is not told.
 */
export function dialogueDataset(read: {
  readonly name: string;
  readonly reader: string;
  readonly split: string;
  /** Keys of the seekers, where the data name them. */
  readonly users?: readonly string[];
  readonly items: ItemTable;
  readonly dialogues: readonly Dialogue[];
  readonly parts: readonly number[];
  readonly notes: readonly string[];
  readonly left?: readonly (readonly [count: number, what: string])[];
}): Dataset {
  const { name, reader, items, dialogues, notes, left = [] } = read;
  const users = userTable(read.users ?? []);
  const data = {
    users,
    items,
    interactions: { users: new Int32Array(0), items: new Int32Array(0), values: null, times: null },
    dialogues,
  };
  const split = {
    description: read.split,
    parts: new Uint8Array(0),
    dialogues: Uint8Array.from(read.parts),
    coldItems: new Uint8Array(items.keys.length),
    coldUsers: new Uint8Array(users.keys.length),
    byTime: false,
  };
  const steps = left
    .filter(([count]) => count > 0)
    .map(([count, what]): HistoryStep => countsOf(`${count} ${what}`, data));
  return {
    name,
    ...data,
    published: { ...split, hash: hashSplit(data, split) },
    notes,
    history: [countsOf(`read by ${reader}`, data), ...steps],
  };
}
