import { writeFile } from "node:fs/promises";
import { type Cell, type Database, withDatabase } from "../../core/duckdb.js";
import { DataError } from "../../core/errors.js";
import type { ArtifactFormat } from "../../core/stages.js";
import { columnsOf, loadTableFile, requireFormat, type TableFile } from "../../data/readers/table-file.js";
import type { Wanted } from "../../data/readers/delimited.js";
import type { ColdStartTraining } from "../../tasks/cold-start.js";
import type { Candidates, Judgements, Pairs } from "./pairs.js";

/** Whose ids a file of pairs holds. */
export type PairIds = Pick<ColdStartTraining, "users" | "items" | "coldItems">;

/** Names that a column may have, the first as we write it; the others are those of published files. */
const NAMES = {
  user: ["user", "user_id"],
  item: ["item", "item_id"],
  score: ["score"],
  answer: ["answer", "clk/no"],
  logOdds: ["log_odds"],
} as const;
type ColumnName = keyof typeof NAMES;

/**
 * The filter's candidates as a table `user,item,score`, by external ids: CSV as written here; TSV, JSON lines and Parquet are
 * read as well, and `score` may be missing.
 * @throws DataError naming file and line: MISSING_COLUMN, MISSING_VALUE, UNKNOWN_USER, UNKNOWN_ITEM, ITEM_NOT_COLD, PAIR_TWICE and those
 * of broken tables.
 */
export function candidatesFormat(ids: PairIds): ArtifactFormat<Candidates> {
  return {
    file: "filter.csv",
    write: (path, { users, items, scores }) =>
      writeRows(path, scores === null ? ["user", "item"] : ["user", "item", "score"], users.length, (at) => [
        ids.users.keys[users[at]],
        ids.items.keys[items[at]],
        ...(scores === null ? [] : [String(scores[at])]),
      ]),
    async read(path) {
      const { pairs, numbers } = await readPairs(path, ids, { number: "score" });
      return { ...pairs, scores: numbers };
    },
  };
}

/**
 * A judge's answers as a table `user,item,answer,log_odds`, where the answer is Yes or No in any case and `log_odds` may be missing.
 * @param candidates - the pairs that had to be judged, all of them and no others; without, any pairs of cold items.
 * @throws DataError as {@link candidatesFormat} does, and BAD_ANSWER, NOT_A_CANDIDATE, MISSING_ANSWER.
 */
export function judgementsFormat(ids: PairIds, candidates?: Pairs): ArtifactFormat<Judgements> {
  return {
    file: "refine.csv",
    write: (path, { users, items, accepted, logOdds }) =>
      writeRows(
        path,
        ["user", "item", "answer", ...(logOdds === null ? [] : ["log_odds"])],
        users.length,
        (at) => [
          ids.users.keys[users[at]],
          ids.items.keys[items[at]],
          accepted[at] === 1 ? "Yes" : "No",
          ...(logOdds === null ? [] : [String(logOdds[at])]),
        ],
      ),
    async read(path) {
      const { pairs, answers, numbers } = await readPairs(path, ids, {
        answer: true,
        number: "logOdds",
        candidates,
      });
      return { ...pairs, accepted: answers, logOdds: numbers };
    },
  };
}

async function writeRows(
  path: string,
  header: readonly string[],
  count: number,
  rowAt: (position: number) => readonly string[],
): Promise<void> {
  const quote = (field: string) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field);
  const lines = Array.from({ length: count }, (_, at) => rowAt(at).map(quote).join(","));
  await writeFile(path, [header.join(","), ...lines].join("\n") + "\n");
}

interface ReadOptions {
  /** Whether the table must hold answers. */
  readonly answer?: boolean;
  /** A column of numbers that may be there. */
  readonly number: "score" | "logOdds";
  readonly candidates?: Pairs;
}

interface ReadResult {
  readonly pairs: Pairs;
  /** 1 for Yes; all 0 where no answers were asked for. */
  readonly answers: Uint8Array;
  readonly numbers: Float32Array | null;
}

function readPairs(path: string, ids: PairIds, options: ReadOptions): Promise<ReadResult> {
  const file = { path, label: path };
  const table: TableFile = { file, format: requireFormat(path, path) };
  return withDatabase(async (database) => {
    const wanted = await wantedColumns(database, table, options);
    const lineOf = await loadTableFile(database, "pairs", table, wanted);
    const names = wanted.map(({ as }) => as);
    const rows = await database.rows(`SELECT ${names.join(", ")} FROM pairs ORDER BY rowid`);
    const problem = async (row: number, code: string, message: string, hint?: string) => {
      const user = rows[row][names.indexOf("user")];
      return new DataError(code, message, {
        file: path,
        line: await lineOf(row, typeof user === "string" ? user : null),
        hint,
      });
    };
    const checker = new PairChecker(ids, options.candidates);
    const users = new Int32Array(rows.length);
    const items = new Int32Array(rows.length);
    const answers = new Uint8Array(rows.length);
    const numbers = names.includes(options.number) ? new Float32Array(rows.length) : null;
    for (const [row, cells] of rows.entries()) {
      const cell = (name: ColumnName): Cell => cells[names.indexOf(name)];
      const missing = names.find((name) => cell(name as ColumnName) === null);
      if (missing !== undefined) {
        throw await problem(row, "MISSING_VALUE", `this line has no ${missing}`);
      }
      const checked = checker.check(String(cell("user")), String(cell("item")));
      if ("code" in checked) throw await problem(row, checked.code, checked.message, checked.hint);
      users[row] = checked.user;
      items[row] = checked.item;
      if (options.answer) {
        const answer = String(cell("answer")).trim().toLowerCase();
        if (answer !== "yes" && answer !== "no") {
          throw await problem(
            row,
            "BAD_ANSWER",
            `the answer is "${String(cell("answer"))}"`,
            "Expected Yes or No.",
          );
        }
        answers[row] = answer === "yes" ? 1 : 0;
      }
      if (numbers !== null) numbers[row] = Number(cell(options.number));
    }
    checker.requireAll(path);
    return { pairs: { users, items }, answers, numbers };
  });
}

async function wantedColumns(
  database: Database,
  table: TableFile,
  { answer, number }: ReadOptions,
): Promise<Wanted[]> {
  const found = await columnsOf(database, table);
  const pick = (name: ColumnName) => found.find((one) => (NAMES[name] as readonly string[]).includes(one));
  const need = (name: ColumnName): Wanted => ({
    column: pick(name) ?? NAMES[name][0],
    as: name,
    type: "VARCHAR",
  });
  const numbers = pick(number);
  return [
    need("user"),
    need("item"),
    ...(answer ? [need("answer")] : []),
    ...(numbers === undefined ? [] : [{ column: numbers, as: number, type: "FLOAT" } as const]),
  ];
}

interface Fault {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/** Turns external ids into numbers and keeps watch over repetitions and, where there are candidates, over completeness. */
class PairChecker {
  private readonly userOf: ReadonlyMap<string, number>;
  private readonly itemOf: ReadonlyMap<string, number>;
  private readonly seen = new Set<number>();
  private readonly open: Set<number> | undefined;

  constructor(
    private readonly ids: PairIds,
    candidates: Pairs | undefined,
  ) {
    this.userOf = new Map(ids.users.keys.map((key, user) => [key, user]));
    this.itemOf = new Map(ids.items.keys.map((key, item) => [key, item]));
    this.open =
      candidates &&
      new Set(Array.from(candidates.users, (user, at) => this.code(user, candidates.items[at])));
  }

  check(userKey: string, itemKey: string): { user: number; item: number } | Fault {
    const user = this.userOf.get(userKey);
    if (user === undefined) return unknownId("user", userKey, this.ids.users.keys[0]);
    const item = this.itemOf.get(itemKey);
    if (item === undefined) return unknownId("item", itemKey, this.ids.items.keys[0]);
    if (this.ids.coldItems[item] !== 1) {
      return {
        code: "ITEM_NOT_COLD",
        message: `the item ${itemKey} is not cold: it has training interactions`,
        hint: "The file must belong to the same split: see --split.",
      };
    }
    const code = this.code(user, item);
    if (this.seen.has(code)) {
      return {
        code: "PAIR_TWICE",
        message: `user ${userKey} and item ${itemKey} are on an earlier line, too`,
      };
    }
    this.seen.add(code);
    if (this.open !== undefined && !this.open.delete(code)) {
      return {
        code: "NOT_A_CANDIDATE",
        message: `the filter did not choose user ${userKey} for item ${itemKey}`,
        hint: "Filter and answers must belong together.",
      };
    }
    return { user, item };
  }

  requireAll(path: string): void {
    const first = this.open?.values().next().value;
    if (this.open === undefined || first === undefined) return;
    const { users, items } = this.ids;
    const width = items.keys.length;
    const pair = `user ${users.keys[Math.floor(first / width)]} and item ${items.keys[first % width]}`;
    const others = this.open.size - 1;
    throw new DataError(
      "MISSING_ANSWER",
      `there is no answer for ${pair}${others === 0 ? "" : ` and ${others} more pairs`} that the filter chose`,
      { file: path, hint: "Filter and answers must belong together." },
    );
  }

  private code(user: number, item: number): number {
    return user * this.ids.items.keys.length + item;
  }
}

function unknownId(side: "user" | "item", key: string, example: string): Fault {
  return {
    code: `UNKNOWN_${side.toUpperCase()}`,
    message: `the data set has no ${side} "${key}"`,
    hint: `Ids are the data set's own, such as "${example}".`,
  };
}
