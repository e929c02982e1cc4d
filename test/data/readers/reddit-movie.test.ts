import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readDataset } from "../../../src/data/readers/index.js";
import { makeSplit } from "../../../src/data/splits/strategies.js";
import { conversationProtocol } from "../../../src/tasks/conversation-protocol.js";
import { failureOf, folderOf, spell } from "./files.js";

const COLUMNS = [
  ...["conv_id", "turn_id", "turn_order", "user_id", "is_seeker", "utc_time", "upvotes"],
  ...["processed", "raw", "context_processed", "context_raw", "context_turn_ids"],
];

/** A string as Python writes it in a list. */
const python = (text: string) =>
  text.includes("'") && !text.includes('"')
    ? `"${text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}"`
    : `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\n", "\\n")}'`;

/** `USER: ...` as the pair of role and text. */
function pair(words: string): string {
  const [, role, text] = /^(?:(\w+): )?([\s\S]*)$/.exec(words)!;
  return (role as string | undefined) === undefined ? `[${python(text)}]` : `['${role}', ${python(text)}]`;
}

interface Row {
  conversation: string;
  turn: string;
  order: number | string;
  said: string;
  before?: string[];
  more?: Record<string, string>;
}

/** A row of a file; what is quoted, is quoted as pandas does it. */
function row({ conversation, turn, order, said, before = [], more = {} }: Row): string {
  const cells: Record<string, string> = {
    conv_id: conversation,
    turn_id: turn,
    turn_order: String(order),
    user_id: said.startsWith("USER") ? "t2_asker" : "",
    is_seeker: said.startsWith("USER") ? "True" : "False",
    utc_time: String(1_640_000_000 + 60 * Number(order)),
    upvotes: order === 0 ? "" : "5",
    processed: pair(said),
    raw: pair("USER: as typed,\nin two lines"),
    context_processed: `[${before.map(pair).join(", ")}]`,
    context_raw: "[]",
    context_turn_ids: "[]",
    ...more,
  };
  return (
    COLUMNS.map((column) => {
      const cell = cells[column];
      return /[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
    }).join(",") + "\n"
  );
}

/** The rows of one path: a turn a row. */
const path = (conversation: string, ...turns: [turn: string, said: string][]) =>
  turns.map(([turn, said], order) =>
    row({ conversation, turn, order, said, before: turns.slice(0, order).map(([, one]) => one) }),
  );

const file = (...rows: string[]) => COLUMNS.join(",") + "\n" + rows.join("");

const POST: [string, string] = ["t3_a", 'USER: Like tt0000001, "odd" films?\n\n* no tt9999999'];
const ANSWER: [string, string] = ["t1_b", "SYSTEM: It's tt0000002 (1999)"];

const files = () => ({
  "id2name.json": JSON.stringify({
    tt0000001: "Tin Moon (1999)",
    tt0000002: "Grey Harbour",
    tt0000003: "Oh, Brother (2001)",
    tt0000004: "Nobody (2000)",
  }),
  "train.csv": file(
    ...path("t3_a_0/2", POST, ANSWER, ["t1_c", "USER: Seen tt0000002s, &amp; it\u00e2\u0080\u0099s good"]),
    // Not in the order of the turns.
    ...path("t3_a_1/2", POST, ANSWER, ["t1_d", "SYSTEM: tt0000003 or tt0000001"]).reverse(),
  ),
  // The post and the first answer are no rows.
  "valid.csv": file(
    row({
      conversation: "t3_e_0/1",
      turn: "t1_g",
      order: 2,
      said: "SYSTEM: tt0000003",
      before: ["USER: Anything?", "SYSTEM: tt0000002"],
    }),
  ),
  "test.csv": file(
    ...path("t3_h_0/1", ["t3_h", "USER: butt1 tt0000001?"], ["t1_i", "SYSTEM: tt0000002, tt0000001"]),
  ),
});

describe("Reddit-Movie", () => {
  it("makes a dialogue of each path, with titles in the place of ids", async () => {
    const dataset = await readDataset({ path: folderOf(files()) });
    expect(dataset.dialogues!.map(({ id, time, user }) => [id, time, user])).toEqual([
      ["t3_a_0/2", 1_640_000_000, 0],
      ["t3_a_1/2", 1_640_000_000, 0],
      ["t3_e_0/1", 1_640_000_120, -1],
      ["t3_h_0/1", 1_640_000_000, 0],
    ]);
    expect(dataset.users.keys).toEqual(["t2_asker"]);
    expect(spell(dataset, 0)).toEqual([
      'seeker: Like Tin Moon, "odd" films? * no tt9999999 [Tin Moon=tt0000001, tt9999999=?]',
      "recommender: It's Grey Harbour (1999) [Grey Harbour=tt0000002]",
      "seeker: Seen Grey Harbours, & it\u2019s good [Grey Harbour=tt0000002]",
    ]);
    // What the path shares with the one before is not asked for again.
    expect(spell(dataset, 1)).toEqual([
      'seeker: Like Tin Moon, "odd" films? * no tt9999999 [Tin Moon=tt0000001~, tt9999999=?~]',
      "recommender: It's Grey Harbour (1999) [Grey Harbour=tt0000002~]",
      "recommender: Oh, Brother or Tin Moon [Oh, Brother=tt0000003, Tin Moon=tt0000001]",
    ]);
    // What is no row is not asked for at all.
    expect(spell(dataset, 2)).toEqual([
      "seeker: Anything? []",
      "recommender: Grey Harbour [Grey Harbour=tt0000002~]",
      "recommender: Oh, Brother [Oh, Brother=tt0000003]",
    ]);
    expect(spell(dataset, 3)[0]).toBe("seeker: butt1 Tin Moon? [Tin Moon=tt0000001]");
  });

  it("takes the films that are named and the files' parts, and counts what it did", async () => {
    const { items, published, notes, history } = await readDataset({ path: folderOf(files()) });
    expect(items.keys).toEqual(["tt0000001", "tt0000002", "tt0000003"]);
    expect(items.titles).toEqual(["Tin Moon (1999)", "Grey Harbour", "Oh, Brother (2001)"]);
    expect(items.attributes).toEqual({ year: Float64Array.of(1999, NaN, 2001) });
    expect([...published!.dialogues!]).toEqual([1, 1, 2, 3]);
    expect(published!.description).toBe("as-published(Reddit-Movie)");
    expect(notes).toHaveLength(1);
    expect(history.map(({ step }) => step)).toEqual([
      "read by reddit-movie",
      "2 turns are no rows: taken from a context, nobody is asked for them",
      "2 turns are in an earlier path too: kept, nobody is asked for them again",
      "1 mentions of films without a title: not in the catalogue",
    ]);
  });

  it("tells of threads that lie in several parts, and asks for none of their turns twice", async () => {
    const divided = {
      ...files(),
      "test.csv": file(
        ...path("t3_a_0/2", POST, ANSWER, ["t1_x", "SYSTEM: tt0000003"]),
        row({ conversation: "t3_a_0/2", turn: "t1_x", order: 2, said: "SYSTEM: tt0000003" }),
      ),
    };
    const dataset = await readDataset({ path: folderOf(divided) });
    expect(dataset.notes[1]).toMatch(/^1 threads have paths in several parts of the published split/);
    expect(dataset.dialogues!.map(({ id }) => id)).toEqual([
      ...["t3_a_0/2", "t3_a_1/2", "t3_e_0/1"],
      "t3_a_0/2 (test)",
    ]);
    expect(spell(dataset, 3).slice(1)).toEqual([
      "recommender: It's Grey Harbour (1999) [Grey Harbour=tt0000002~]",
      "recommender: Oh, Brother [Oh, Brother=tt0000003]",
    ]);
    expect(dataset.history.map(({ step }) => step)).toContain(
      "1 rows repeat a turn of their conversation: left out",
    );
  });

  it("fills gaps from the context of the last row, and counts what is not there either", async () => {
    const rows = [
      row({ conversation: "t3_m_0/1", turn: "t3_m", order: 0, said: "USER: One" }),
      row({
        conversation: "t3_m_0/1",
        turn: "t1_n",
        order: 4,
        said: "SYSTEM: Five",
        before: ["USER: Three", "SYSTEM: Four"],
      }),
    ];
    const dataset = await readDataset({ path: folderOf({ ...files(), "valid.csv": file(...rows) }) });
    expect(spell(dataset, 2)).toEqual([
      "seeker: One []",
      "seeker: Three []",
      "recommender: Four []",
      "recommender: Five []",
    ]);
    expect(dataset.history.map(({ step }) => step)).toContain(
      "1 turns are neither rows nor in a context: left out",
    );
  });

  it("goes by the column where a text does not say who speaks", async () => {
    const rows = [
      row({ conversation: "t3_m_0/1", turn: "t3_m", order: 0, said: "Hi", more: { is_seeker: "True" } }),
      row({ conversation: "t3_m_0/1", turn: "t1_n", order: 1, said: "Ho", more: { processed: "'Ho'" } }),
    ];
    const dataset = await readDataset({ path: folderOf({ ...files(), "valid.csv": file(...rows) }) });
    expect(spell(dataset, 2)).toEqual(["seeker: Hi []", "recommender: Ho []"]);
  });

  it("reads fields of several lines, and lines that end as on Windows", async () => {
    const plain = await readDataset({ path: folderOf(files()), name: "x" });
    const windows = Object.fromEntries(
      Object.entries(files()).map(([name, text]) => [name, text.replaceAll("\n", "\r\n")]),
    );
    expect(await readDataset({ path: folderOf(windows), name: "x" })).toEqual(plain);
    const long = files();
    long["train.csv"] = long["train.csv"].replaceAll(",[],[]\n", ',"[\n\n]",[]\n');
    expect(await readDataset({ path: folderOf(long), name: "x" })).toEqual(plain);
  });

  const good = { conversation: "t3_m_0/1", turn: "t3_m", order: 0, said: "USER: Hi" };
  it.each<[string, string, object]>([
    [
      "a broken literal",
      row({ ...good, more: { processed: "['USER', 'Hi" } }),
      {
        line: 5,
        column: "processed",
        message: /^this is no Python literal: the end of a string expected at its character/,
      },
    ],
    [
      "an unknown role",
      row({ ...good, said: "BOT: Hi" }),
      { line: 5, column: "processed", message: /^"BOT" is neither USER nor SYSTEM$/ },
    ],
    [
      "nobody who speaks",
      row({ ...good, said: "Hi", more: { is_seeker: "" } }),
      { line: 5, column: "processed", message: /^it does not say who speaks, nor does is_seeker$/ },
    ],
    [
      "a turn without a text",
      row({ ...good, more: { processed: "['USER', None]" } }),
      { line: 5, column: "processed", message: /^a role and a text are needed$/ },
    ],
    [
      "a broken context",
      row({ ...good, order: 1, more: { context_processed: "['USER', 'Hi']]" } }),
      { line: 5, column: "context_processed", message: /^this is no Python literal/ },
    ],
    ["no text at all", row({ ...good, more: { processed: "" } }), { line: 5, column: "processed" }],
    ["no id", row({ ...good, conversation: "" }), { column: "conv_id" }],
    ["half a place", row({ ...good, order: 0.5 }), { line: 5, column: "turn_order" }],
    [
      "no place",
      row({ ...good, order: "first" }),
      { line: 5, column: "turn_order", message: /"first" is not a number/ },
    ],
    ["no time", row({ ...good, more: { utc_time: "" } }), { line: 5, column: "utc_time" }],
  ])("refuses %s", async (_what, second, { message = /./, ...expected }: { message?: RegExp }) => {
    // The first row has three lines.
    const first = row({
      ...good,
      conversation: "t3_k_0/1",
      turn: "t3_k",
      more: { raw: "['USER',\n\n'Ho']" },
    });
    const folder = folderOf({ ...files(), "valid.csv": file(first, second) });
    const report = await failureOf(readDataset({ path: folder }));
    expect(report).toMatchObject({
      code: "BAD_VALUE",
      exit: 3,
      file: join(folder, "valid.csv"),
      ...expected,
    });
    expect(report.message).toMatch(message);
  });

  it("refuses files that are empty, lack a column or are no JSON", async () => {
    const failure = (changed: object) =>
      failureOf(readDataset({ path: folderOf({ ...files(), ...changed }) }));
    expect(await failure({ "test.csv": "" })).toMatchObject({ code: "EMPTY_FILE" });
    expect(await failure({ "test.csv": file() })).toMatchObject({ code: "EMPTY_FILE" });
    expect(await failure({ "test.csv": "conv_id,turn_id\na,b\n" })).toMatchObject({
      code: "MISSING_COLUMN",
      line: 1,
      column: "turn_order",
    });
    expect(await failure({ "id2name.json": '{\n"tt0000001": "Tin' })).toMatchObject({
      code: "BAD_JSON",
      line: 2,
    });
    expect(await failure({ "id2name.json": '{"tt0000001": 3}' })).toMatchObject({
      code: "BAD_VALUE",
      column: "tt0000001",
    });
  });

  it("gives the conversation protocol each recommendation of a thread once", async () => {
    const dataset = await readDataset({ path: folderOf(files()) });
    const { cases, turns, training } = conversationProtocol(dataset, makeSplit(dataset, "published"));
    const key = (item: number) => dataset.items.keys[item];
    expect(turns.map(({ name, mentioned }) => [name, mentioned.map(key)])).toEqual([
      ["t3_h_0/1#1", ["tt0000001"]],
    ]);
    expect(cases.map(({ target, repeated }) => [key(target), repeated])).toEqual([
      ["tt0000002", false],
      ["tt0000001", true],
    ]);
    expect(training.samples.map(({ name, target }) => [name, key(target)])).toEqual([
      ["t3_a_0/2#1", "tt0000002"],
      ["t3_a_1/2#2", "tt0000003"],
      ["t3_a_1/2#2", "tt0000001"],
    ]);
    expect(training.validation.map(({ name, mentioned }) => [name, mentioned.map(key)])).toEqual([
      ["t3_e_0/1#2", ["tt0000002"]],
    ]);
  });
});
