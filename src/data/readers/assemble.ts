import { countsOf, type Dataset, type HistoryStep, type ItemTable, type UserTable } from "../dataset.js";
import { lineOfRow, layoutOf, loadDelimited, type DelimitedFile, type Wanted } from "./delimited.js";
import type { Database } from "../../core/duckdb.js";
import { encodeInteractions, type Encoded } from "./encode.js";

/** A text table of interactions: which column is what. */
export interface InteractionFile extends DelimitedFile {
  readonly user: string;
  readonly item: string;
  readonly value?: string;
  readonly time?: string;
}

/**
 * Reads a text table of interactions into typed arrays.
 * @param known - tables of the database whose column `key` lists the known users and items.
 */
export async function readInteractions(
  database: Database,
  file: InteractionFile,
  known: { users?: string; items?: string } = {},
): Promise<Encoded> {
  const wanted: Wanted[] = [
    { column: file.user, as: "user", type: "VARCHAR" },
    { column: file.item, as: "item", type: "VARCHAR" },
  ];
  if (file.value !== undefined) wanted.push({ column: file.value, as: "value", type: "FLOAT" });
  if (file.time !== undefined) wanted.push({ column: file.time, as: "time", type: "DOUBLE" });
  const layout = await layoutOf(
    file,
    wanted.map(({ column }) => column),
  );
  await loadDelimited(database, "interactions", layout, wanted);
  return encodeInteractions(database, {
    table: "interactions",
    value: file.value !== undefined,
    time: file.time !== undefined,
    label: file.file.label,
    columns: file,
    lineOf: (row, text) => lineOfRow(layout, row, text),
    ...known,
  });
}

/** A data set of what was read, with the counts of users and items that their tables do not list. */
export function assemble(parts: {
  name: string;
  reader: string;
  encoded: Encoded;
  users: UserTable;
  items: ItemTable;
  /** Rows of the user and item table, where there are such. */
  tableRows: { users?: number; items?: number };
  notes?: readonly string[];
}): Dataset {
  const { encoded, users, items, tableRows } = parts;
  const data = { users, items, interactions: encoded.interactions };
  const history: HistoryStep[] = [countsOf(`read by ${parts.reader}`, data)];
  const strangers = (side: "users" | "items", rows: number | undefined) => {
    const extra = rows === undefined ? 0 : data[side].keys.length - rows;
    if (extra > 0)
      history.push(countsOf(`of these ${extra} ${side} are not in the ${side} table: kept`, data));
  };
  strangers("users", tableRows.users);
  strangers("items", tableRows.items);
  return { name: parts.name, ...data, notes: parts.notes ?? [], history };
}
