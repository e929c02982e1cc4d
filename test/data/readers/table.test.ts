import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readDataset } from "../../../src/data/readers/index.js";
import { failureOf, folderOf, genresOf, readContent, rowsOf } from "./files.js";

const CSV = "user_id,item_id,rating,timestamp\nb,y,4,200\na,x,3.5,100\nb,x,1,300\n";
const ROWS = [
  ["b", "y", 4, 200],
  ["a", "x", 3.5, 100],
  ["b", "x", 1, 300],
];

/** Writes a Parquet file by DuckDB, in a process of its own so that the test's own use of it stays untouched. */
function parquet(path: string, select: string): void {
  const script = `import("@duckdb/node-api").then(async ({ DuckDBInstance }) => {
    const connection = await (await DuckDBInstance.create(":memory:")).connect();
    await connection.run(process.argv[1]);
  })`;
  execFileSync(process.execPath, ["-e", script, `COPY (${select}) TO '${path}' (FORMAT parquet)`]);
}

describe("a plain table", () => {
  it("keeps the order of the file and numbers users and items by first appearance", async () => {
    const dataset = await readContent("shop.csv", CSV);
    expect(dataset.name).toBe("shop");
    expect(dataset.users.keys).toEqual(["b", "a"]);
    expect(dataset.items.keys).toEqual(["y", "x"]);
    expect([...dataset.interactions.users]).toEqual([0, 1, 0]);
    expect([...dataset.interactions.items]).toEqual([0, 1, 1]);
    expect(rowsOf(dataset)).toEqual(ROWS);
    expect(dataset.history).toEqual([{ step: "read by table", users: 2, items: 2, interactions: 3 }]);
  });

  it.each([
    ["a byte order mark", "shop.csv", "\ufeff" + CSV],
    ["Windows line endings", "shop.csv", CSV.replaceAll("\n", "\r\n")],
    ["no final line break", "shop.csv", CSV.trimEnd()],
    ["empty lines", "shop.csv", CSV.replace("\n", "\n\n") + "\n\n"],
    ["tabs", "shop.tsv", CSV.replaceAll(",", "\t")],
    ["quotes", "shop.csv", CSV.replace("b,y", '"b","y"')],
    ["gzip", "shop.csv.gz", gzipSync(CSV)],
    [
      "other common names",
      "shop.csv",
      CSV.replace("user_id,item_id,rating,timestamp", "userId,movieId,Rating,time"),
    ],
    [
      "columns in another order",
      "shop.csv",
      "timestamp,extra,rating,item_id,user_id\n200,é,4,y,b\n100,,3.5,x,a\n300,,1,x,b\n",
    ],
    [
      "JSON lines",
      "shop.jsonl",
      ROWS.map(([u, i, r, t]) => JSON.stringify({ user_id: u, item_id: i, rating: r, timestamp: t })).join(
        "\n",
      ),
    ],
    [
      "JSON lines with a mark",
      "shop.jsonl",
      "\ufeff" +
        ROWS.map(([u, i, r, t]) =>
          JSON.stringify({ user_id: u, item_id: i, rating: String(r), timestamp: t }),
        ).join("\r\n"),
    ],
  ])("reads %s alike", async (_what, name, content) => {
    expect(rowsOf(await readContent(name, content))).toEqual(ROWS);
  });

  it("reads Parquet, with dates", async () => {
    const path = join(folderOf({}), "shop.parquet");
    parquet(
      path,
      "SELECT * FROM (VALUES ('b', 7, 4.5::DECIMAL(3,1), TIMESTAMP '2020-01-01 00:00:10'), ('a', 8, 2, TIMESTAMP '1970-01-01')) t(user_id, item_id, rating, time)",
    );
    expect(rowsOf(await readDataset({ path }))).toEqual([
      ["b", "7", 4.5, 1577836810],
      ["a", "8", 2, 0],
    ]);
    writeFileSync(path, readFileSync(path).subarray(0, 100));
    expect(await failureOf(readDataset({ path }))).toMatchObject({
      code: "BAD_PARQUET",
      exit: 3,
      file: path,
    });
  });

  it("takes the columns that are named, and needs neither values nor times", async () => {
    const dataset = await readContent("log.csv", "who,what,user\nu1,i1,z\n", {
      columns: { user: "who", item: "what" },
    });
    expect(rowsOf(dataset)).toEqual([["u1", "i1"]]);
    expect(dataset.interactions.values).toBeNull();
    expect(dataset.interactions.times).toBeNull();
  });

  it("gives back any ids, even with quotes, separators and line breaks", async () => {
    const id = fc
      .string({ minLength: 1, unit: "grapheme" })
      .filter(
        (text) =>
          text.trim() === text &&
          !/[\0\r]|^(nan|inf|infinity|null|none|<na>|[+-]?(nan|inf|infinity)|-[0-9.]+)$/i.test(text),
      );
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(id, id), { minLength: 1, maxLength: 8 }), async (pairs) => {
        const path = join(folderOf({}), "ids.csv");
        writeFileSync(path, "user,item\n" + pairs.map((pair) => pair.map(quoted).join(",") + "\n").join(""));
        expect(rowsOf(await readDataset({ path }))).toEqual(pairs);
      }),
      { numRuns: 25 },
    );
  });

  it("reads a file whose path looks like a pattern", async () => {
    const folder = folderOf({ "it's [a] *?/x[1].csv": CSV });
    expect(rowsOf(await readDataset({ path: join(folder, "it's [a] *?", "x[1].csv") }))).toEqual(ROWS);
  });
});

describe("a plain table with a fault", () => {
  const long =
    "user,item,rating\n" + Array.from({ length: 30_000 }, (_, n) => `u${n},i${n % 7},3\n`).join("");
  // Without its last 8 bytes (checksum and length) all lines are there, but nothing says that they are all.
  const cut = (head: string, line: (n: number) => string) =>
    gzipSync(head + Array.from({ length: 60_000 }, (_, n) => line(n)).join("")).subarray(0, -8);
  const cutGzip = cut("user,item,rating\n", (n) => `u${n},i${(n * 7919) % 60_013},3\n`);
  const cutJson = cut("", (n) => `{"user":"u${n}","item":"i${(n * 7919) % 60_013}"}\n`);
  it.each<[string, string, string | Uint8Array, object]>([
    ["a missing user column", "t.csv", "uzer,item_id\n1,2\n", { code: "COLUMNS_UNKNOWN", exit: 2 }],
    [
      "another separator",
      "t.csv",
      "user;item;rating\n1;2;3\n",
      { code: "WRONG_SEPARATOR", line: 1, message: 'the columns are separated by ";", but "," was expected' },
    ],
    [
      "a tab in a .csv",
      "t.csv",
      "user\titem\n1\t2\n",
      {
        code: "WRONG_SEPARATOR",
        line: 1,
        message: 'the columns are separated by a tab, but "," was expected',
      },
    ],
    [
      "text in a rating",
      "t.csv",
      "user,item,rating\na,b,3\na,c,good\n",
      { code: "BAD_VALUE", line: 3, column: "rating", message: '"good" is not a number' },
    ],
    [
      "text in a rating, far down",
      "t.csv",
      long + "u,i,x\n",
      { code: "BAD_VALUE", line: 30_002, column: "rating" },
    ],
    [
      "two faulty ratings",
      "t.csv",
      "user,item,rating\na,b,x\na,c,y\n",
      { code: "BAD_VALUE", line: 2, message: '"x" is not a number; 1 other lines are faulty too' },
    ],
    [
      "an infinite rating",
      "t.csv",
      "user,item,rating\na,b,3\n\na,c,inf\n",
      { code: "BAD_VALUE", line: 4, column: "rating" },
    ],
    [
      "text in a rating, after a field of several lines",
      "t.csv",
      'user,item,rating\n"a\n""\nb",b,3\n\na,c,x\n',
      { code: "BAD_VALUE", line: 6, column: "rating" },
    ],
    [
      "an infinite rating, after a field of several lines",
      "t.csv",
      'user,item,rating\n"a\n""\nb",b,3\n\na,c,inf\n',
      { code: "BAD_VALUE", line: 6, column: "rating" },
    ],
    [
      "a rating that is NaN",
      "t.csv",
      "user,item,rating\na,b,nan\n",
      { code: "BAD_VALUE", line: 2, column: "rating" },
    ],
    [
      "a missing rating",
      "t.csv",
      "user,item,rating\na,b,\n",
      { code: "BAD_VALUE", line: 2, column: "rating", message: "the value is missing" },
    ],
    [
      "a missing id",
      "t.csv",
      "user,item\na,b\n,c\n",
      { code: "BAD_VALUE", line: 3, column: "user", message: "the user is missing" },
    ],
    [
      "a negative id",
      "t.csv",
      "user,item\na,7\na,-1\n",
      { code: "BAD_ID", line: 3, column: "item", message: '"-1" can\'t be the id of an item' },
    ],
    ["an id that is NaN", "t.csv", "user,item\na,7\nNaN,8\n", { code: "BAD_ID", line: 3, column: "user" }],
    ["too few fields", "t.csv", "user,item,rating\na,b,3\na,b\n", { code: "MISSING_FIELDS", line: 3 }],
    ["too many fields", "t.csv", "user,item,rating\na,b,3,9\n", { code: "EXTRA_FIELDS", line: 2, column: 4 }],
    ["an open quote", "t.csv", 'user,item\na,b\n"a,c\n', { code: "BAD_QUOTE", line: 3 }],
    [
      "two columns of a name",
      "t.csv",
      "user,item,user\na,b,c\n",
      { code: "DUPLICATE_COLUMN", column: "user" },
    ],
    ["mixed line endings", "t.csv", "user,item\na,b\r\na,c\n", { code: "MIXED_LINE_ENDINGS", line: 2 }],
    [
      "times in milliseconds",
      "t.csv",
      "user,item,time\na,b,1700000000000\n",
      { code: "BAD_TIME", line: 2, column: "time" },
    ],
    [
      "a time before 1970",
      "t.csv",
      "user,item,time\na,b,-5\n",
      { code: "BAD_TIME", line: 2, column: "time" },
    ],
    ["nothing", "t.csv", "", { code: "EMPTY_FILE" }],
    ["only line breaks", "t.csv", "\n\n", { code: "EMPTY_FILE" }],
    ["a header alone", "t.csv", "user,item\n", { code: "EMPTY_FILE" }],
    [
      "Latin-1",
      "t.csv",
      Buffer.from("user,item\na,b\ncaf\xe9,c\n", "latin1"),
      { code: "BAD_ENCODING", line: 3 },
    ],
    ["UTF-16", "t.csv", Buffer.from("\ufeffuser,item\na,b\n", "utf16le"), { code: "BAD_ENCODING", line: 1 }],
    ["a web page", "t.csv", "<!DOCTYPE html><html>404</html>", { code: "NOT_A_TABLE" }],
    ["a zip", "t.csv", Buffer.from("PK\x03\x04rest\0", "latin1"), { code: "NOT_A_TABLE" }],
    ["a cut .gz", "t.csv.gz", gzipSync(long).subarray(0, 9000), { code: "TRUNCATED_GZIP" }],

    ["a cut .gz, long", "t.csv.gz", cutGzip, { code: "TRUNCATED_GZIP" }],
    ["a cut .jsonl.gz, long", "t.jsonl.gz", cutJson, { code: "TRUNCATED_GZIP" }],
    ["a .gz that is none", "t.csv.gz", "user,item\na,b\n", { code: "TRUNCATED_GZIP" }],
    ["broken JSON", "t.jsonl", '{"user":"a","item":"b"}\n{"user":"a",\n', { code: "BAD_LINE", line: 2 }],
    ["JSON that is no object", "t.jsonl", '{"user":"a","item":"b"}\n[1]\n', { code: "BAD_LINE", line: 2 }],
    [
      "text in a JSON rating",
      "t.jsonl",
      '{"user":"a","item":"b","rating":1}\n\n{"user":"a","item":"b","rating":"x"}\n',
      { code: "BAD_VALUE", line: 3, column: "rating" },
    ],
    [
      "a JSON line without an item",
      "t.jsonl",
      '{"user":"a","item":"b"}\n{"user":"a"}\n',
      { code: "BAD_VALUE", line: 2, column: "item" },
    ],
    [
      "Latin-1 JSON",
      "t.jsonl",
      Buffer.from('{"user":"a","item":"b"}\n{"user":"\xe9","item":"b"}\n', "latin1"),
      { code: "BAD_ENCODING", line: 2 },
    ],
    ["an unknown ending", "t.xlsx", "x", { code: "UNKNOWN_FORMAT" }],
  ])("names the place of %s", async (_what, name, content, expected) => {
    const report = await failureOf(readContent(name, content));
    expect(report).toMatchObject({ exit: 3, ...expected });
    expect(report.file).toContain(name);
  });

  it("suggests the column that was meant", async () => {
    const report = await failureOf(
      readContent("t.csv", "user,item,ratings\na,b,3\n", { columns: { value: "rating" } }),
    );
    expect(report).toMatchObject({ code: "MISSING_COLUMN", column: "rating", exit: 3 });
    expect(report.hint).toContain("Did you mean ratings?");
  });

  it("says that there is no such file", async () => {
    expect(await failureOf(readDataset({ path: "/nowhere/x.csv" }))).toMatchObject({
      code: "FILE_NOT_FOUND",
    });
  });
});

describe("a described table", () => {
  const DESCRIPTOR = `
name: my-shop
interactions:
  file: log.txt
  format: csv
  separator: ";"
  header: false
  encoding: latin-1
  columns: { user: 1, item: 2, value: 3, time: 4 }
  time_unit: iso
items:
  file: items.jsonl
  id: sku
  title: name
  texts: [plot]
  categories: { column: tags }
  attributes: [price, code]
users:
  file: users.csv
  id: id
  attributes: [age]
notes: ["Bought, not rated."]
`;
  const FILES = {
    "dataset.yaml": DESCRIPTOR,
    "log.txt": Buffer.from("caf\xe9;s2;5;2024-03-01T12:30:00Z\nann;s9;1;2024-03-02\n", "latin1"),
    "items.jsonl":
      '{"sku":"s1","name":"One","plot":"A","tags":["x","y"],"price":3,"code":"007"}\n{"sku":"s2","name":"Two","tags":["y"],"code":"8"}\n',
    "users.csv": "id,age\nann,41\nbob,\n",
  };

  it("joins the tables, keeps idle items and users, and counts strangers", async () => {
    const dataset = await readDataset({ path: folderOf(FILES) });
    expect(dataset.name).toBe("my-shop");
    expect(dataset.notes).toEqual(["Bought, not rated."]);
    expect(dataset.users.keys).toEqual(["ann", "bob", "café"]);
    expect(dataset.users.attributes).toEqual({ age: Float64Array.of(41, NaN, NaN) });
    expect(dataset.items).toEqual({
      keys: ["s1", "s2", "s9"],
      titles: ["One", "Two", ""],
      texts: { plot: ["A", "", ""] },
      categoryNames: ["x", "y"],
      categories: [[0, 1], [1], []],
      attributes: { price: Float64Array.of(3, NaN, NaN), code: ["007", "8", ""] },
    });
    expect(rowsOf(dataset)).toEqual([
      ["café", "s2", 5, 1709296200],
      ["ann", "s9", 1, 1709337600],
    ]);
    expect(genresOf(dataset)).toEqual([["x", "y"], ["y"], []]);
    expect(dataset.history.map(({ step }) => step)).toEqual([
      "read by table",
      "of these 1 users are not in the users table: kept",
      "of these 1 items are not in the items table: kept",
    ]);
  });

  it.each<[string, Record<string, string>, object]>([
    [
      "an unknown field",
      { "dataset.yaml": DESCRIPTOR.replace("  format:", "  fromat:") },
      { code: "BAD_DESCRIPTOR", exit: 2 },
    ],
    [
      "a wrong choice",
      { "dataset.yaml": DESCRIPTOR.replace("iso", "days") },
      { code: "BAD_DESCRIPTOR", line: 10 },
    ],
    ["broken YAML", { "dataset.yaml": DESCRIPTOR.replace('";"', '";') }, { code: "BAD_DESCRIPTOR", exit: 2 }],
    [
      "a missing file",
      { "dataset.yaml": DESCRIPTOR.replace("items.jsonl", "x.jsonl") },
      { code: "FILE_NOT_FOUND", exit: 3 },
    ],
    [
      "a bad date",
      { "log.txt": "a;s1;5;tomorrow\n" },
      { code: "BAD_VALUE", line: 1, column: "4", message: '"tomorrow" is not a date' },
    ],
    ["another separator", { "log.txt": "a,s1,5,2024-03-02\n" }, { code: "WRONG_SEPARATOR", line: 1 }],
    [
      "an id given twice",
      { "users.csv": "id,age\nann,41\nbob,\nann,3\n" },
      { code: "DUPLICATE_ID", line: 4, column: "id", message: 'the id "ann" was given before, on line 2' },
    ],
    [
      "an item given twice",
      { "items.jsonl": '{"sku":"s1","name":"a","plot":"","tags":[],"price":1,"code":1}\n\n{"sku":"s1"}\n' },
      { code: "DUPLICATE_ID", line: 3 },
    ],
    ["an id left out", { "users.csv": "id,age\n,41\n" }, { code: "BAD_VALUE", line: 2, column: "id" }],
    ["ids of another kind", { "log.txt": "a;z;5;2024-03-02\n" }, { code: "NO_COMMON_IDS", column: "sku" }],
  ])("refuses %s", async (_what, files, expected) => {
    expect(await failureOf(readDataset({ path: folderOf({ ...FILES, ...files }) }))).toMatchObject(expected);
  });

  it("hints at the encoding where a file is Latin-1 without saying so", async () => {
    const files = { ...FILES, "dataset.yaml": DESCRIPTOR.replace("  encoding: latin-1\n", "") };
    const report = await failureOf(readDataset({ path: folderOf(files) }));
    expect(report).toMatchObject({ code: "BAD_ENCODING", line: 1 });
    expect(report.hint).toContain("encoding: latin-1");
  });
});
