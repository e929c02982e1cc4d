import { DataError } from "../../core/errors.js";
import type { Cell, Database } from "../../core/duckdb.js";
import type { SourceFile } from "../source.js";
import { layoutOf, lineOfRow, loadDelimited, type Layout, type Wanted } from "./delimited.js";

/** A turn as a row of a file tells it. */
export interface RedditRow {
  /** Number of the row in the file, from 0. */
  readonly row: number;
  readonly turn: string;
  /** Place in the conversation, from 0. */
  readonly order: number;
  readonly user: string | null;
  readonly isSeeker: string | null;
  /** Unix seconds. */
  readonly time: number;
  /** Role and text, a Python literal. */
  readonly said: string;
}

/** The rows of one path through a thread. */
export interface RedditConversation {
  readonly id: string;
  /** In the order of the turns, one of each; never empty. */
  readonly rows: readonly RedditRow[];
  /** What was said before the last row, a Python literal, where not all of it is in rows. */
  readonly context: string | null;
  /** Rows that repeat a turn of this conversation. */
  readonly repeated: number;
}

/** A fault in a row; the reading makes a DataError with its line of it. */
export class RowFault extends Error {
  constructor(
    readonly row: number,
    readonly column: string,
    message: string,
  ) {
    super(message);
  }
}

const text = (column: string): Wanted => ({ column, as: column, type: "VARCHAR" });
const number = (column: string): Wanted => ({ column, as: column, type: "DOUBLE" });

/** Read of every row. The texts as typed, the upvotes and the ids of the context are not. */
const WANTED = [
  text("conv_id"),
  text("turn_id"),
  number("turn_order"),
  text("user_id"),
  text("is_seeker"),
  number("utc_time"),
  text("processed"),
];

const CONTEXT = "context_processed";

/** What a row must tell, as a condition that holds where it does not. */
const FAULTS: readonly (readonly [column: string, fault: string, message: string])[] = [
  ...["conv_id", "turn_id", "processed"].map(
    (column) => [column, `${column} IS NULL`, `the ${column} is missing`] as const,
  ),
  [
    "turn_order",
    "turn_order IS NULL OR turn_order < 0 OR turn_order <> floor(turn_order)",
    "a whole number is needed",
  ],
  ["utc_time", "utc_time IS NULL OR NOT isfinite(utc_time)", "a time in seconds since 1970 is needed"],
];

/**
 * Hands over the conversations of a file, in the order in which they begin there. The large version has 1.8 GB: the rows lie in the
 * database, sorted outside the memory, and the contexts, most of the file, are read only where a conversation has turns that are no rows.
 * @param use - may throw a {@link RowFault}.
 * @throws DataError with file, line and column: `BAD_VALUE` besides those of {@link loadDelimited}
 */
export async function readRedditConversations(
  database: Database,
  file: SourceFile,
  use: (conversation: RedditConversation) => void,
): Promise<void> {
  const columns = [...WANTED.map(({ column }) => column), CONTEXT];
  const layout = await layoutOf({ file, separator: ",", quoted: true }, columns);
  await loadDelimited(database, "reddit_rows", layout, WANTED);
  try {
    await checkRows(database);
    await loadContexts(database, layout);
    await handOver(database, use);
  } catch (error) {
    throw error instanceof RowFault ? await withLine(error, database, layout) : error;
  } finally {
    await database.run("DROP TABLE IF EXISTS reddit_rows; DROP TABLE IF EXISTS reddit_contexts");
  }
}

async function checkRows(database: Database): Promise<void> {
  const which = FAULTS.map(([, fault], n) => `WHEN ${fault} THEN ${n}`).join(" ");
  const [bad] = await database.rows(
    `SELECT row::DOUBLE, fault::DOUBLE FROM (SELECT rowid AS row, CASE ${which} END AS fault FROM reddit_rows) ` +
      "WHERE fault IS NOT NULL ORDER BY row LIMIT 1",
  );
  if ((bad as unknown) === undefined) return;
  const [row, fault] = bad as [number, number];
  const [column, , message] = FAULTS[fault];
  throw new RowFault(row, column, message);
}

/** The table `reddit_contexts`: the context of the last row of each conversation whose earlier turns are not all rows. */
async function loadContexts(database: Database, layout: Layout): Promise<void> {
  await database.run(
    "CREATE TEMP TABLE reddit_contexts AS SELECT conv_id, arg_max(rowid, turn_order) AS last, NULL::VARCHAR AS context " +
      "FROM reddit_rows GROUP BY conv_id HAVING count(DISTINCT turn_order) <= max(turn_order)",
  );
  const [[gaps]] = await database.rows("SELECT count(*)::DOUBLE FROM reddit_contexts");
  if (gaps === 0) return;
  await loadDelimited(database, "reddit_all_contexts", layout, [text(CONTEXT)]);
  await database.run(
    `UPDATE reddit_contexts SET context = a.${CONTEXT} FROM reddit_all_contexts a WHERE a.rowid = last`,
  );
  await database.run("DROP TABLE reddit_all_contexts");
}

async function handOver(database: Database, use: (conversation: RedditConversation) => void): Promise<void> {
  let id = "";
  let context: string | null = null;
  let rows: RedditRow[] = [];
  let repeated = 0;
  const close = () => {
    if (rows.length > 0) use({ id, rows, context, repeated });
    rows = [];
    repeated = 0;
  };
  const sql =
    "SELECT r.conv_id, g.context, r.rowid::DOUBLE, turn_id, turn_order, user_id, is_seeker, utc_time, processed " +
    "FROM reddit_rows r JOIN (SELECT conv_id, min(rowid) AS place FROM reddit_rows GROUP BY conv_id) c USING (conv_id) " +
    "LEFT JOIN reddit_contexts g USING (conv_id) ORDER BY place, turn_order, r.rowid";
  await database.stream(sql, (chunk) => {
    for (const cells of chunk.getRows() as Cell[][]) {
      const [conversation, before, row, turn, order, user, isSeeker, time, said] = cells as [
        ...[string, string | null, number, string, number],
        ...[string | null, string | null, number, string],
      ];
      if (conversation !== id) close();
      [id, context] = [conversation, before];
      if (rows.at(-1)?.order === order) repeated++;
      else rows.push({ row, turn, order, user, isSeeker, time, said });
    }
  });
  close();
}

async function withLine(fault: RowFault, database: Database, layout: Layout): Promise<DataError> {
  const [[conversation]] = await database.rows(`SELECT conv_id FROM reddit_rows WHERE rowid = ${fault.row}`);
  return new DataError("BAD_VALUE", fault.message, {
    file: layout.file.label,
    line: await lineOfRow(layout, fault.row, conversation as string | null),
    column: fault.column,
  });
}
