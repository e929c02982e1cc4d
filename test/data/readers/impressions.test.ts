import { gzipSync } from "node:zlib";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Dataset, impressionText, selectInteractions } from "../../../src/data/dataset.js";
import { readDataset } from "../../../src/data/readers/index.js";
import { formatProfile, profileDataset } from "../../../src/data/validate.js";
import { hashDataset } from "../../../src/data/splits/hash.js";
import { failureOf, folderOf, readContent, rowsOf } from "./files.js";

/** Avazu's columns as published. */
const AVAZU = [
  "id,click,hour,C1,banner_pos,site_id,device_ip,C14",
  "1000009418151094273,0,14102100,1005,0,1fbe01fe,ddd2926e,15706",
  "10000169349117863715,1,14102123,1005,1,,96809ac8,15704",
  "10000371904215119486,0,14102600,1002,0,1fbe01fe,ddd2926e,15706",
];

/** A line of Criteo's: 13 counts and 26 categories, empty where not given. */
function criteoLine(label: string, counts: Record<number, string>, categories: Record<number, string>) {
  const cells = (size: number, given: Record<number, string>) =>
    Array.from({ length: size }, (_, n) => given[n + 1] ?? "");
  return [label, ...cells(13, counts), ...cells(26, categories)].join("\t");
}

const CRITEO = [
  criteoLine("0", { 1: "1", 2: "-2", 13: "1200" }, { 1: "68fd1e64", 26: "b0660259" }),
  criteoLine("1", { 2: "0" }, { 1: "05db9164" }),
];

/** Each column's values, row by row. */
function columnsOf({ interactions }: Dataset): Record<string, unknown[]> {
  return Object.fromEntries(
    interactions.impressions!.columns.map((column) => [
      column.name,
      column.kind === "category"
        ? Array.from(column.codes, (code) => column.values[code])
        : [...column.numbers],
    ]),
  );
}

describe("a log of impressions", () => {
  it.each<[string, string, string | Uint8Array]>([
    ["train.csv", "train.csv", AVAZU.join("\n")],
    ["any name", "sample.csv", AVAZU.join("\r\n") + "\r\n"],
    ["Kaggle's train.gz", "train.gz", gzipSync(AVAZU.join("\n"))],
  ])("reads Avazu's %s", async (_what, name, content) => {
    const dataset = await readContent(name, content);
    expect(rowsOf(dataset)).toEqual([
      ["#1", "impression", 0, Date.UTC(2014, 9, 21) / 1000],
      ["#2", "impression", 1, Date.UTC(2014, 9, 21, 23) / 1000],
      ["#3", "impression", 0, Date.UTC(2014, 9, 26) / 1000],
    ]);
    expect(dataset.interactions.impressions).toMatchObject({ hasUsers: false, hasItems: false });
    expect(columnsOf(dataset)).toEqual({
      C1: ["1005", "1005", "1002"],
      banner_pos: ["0", "1", "0"],
      site_id: ["1fbe01fe", "", "1fbe01fe"],
      device_ip: ["ddd2926e", "96809ac8", "ddd2926e"],
      C14: ["15706", "15704", "15706"],
      "hour of day": ["0", "23", "0"],
      "day of week": ["Tuesday", "Tuesday", "Sunday"],
    });
    expect(dataset.name).toBe(name.split(".")[0]);
  });

  it.each<[string, string | Uint8Array]>([
    ["train.txt", CRITEO.join("\n") + "\n"],
    ["dac_sample.txt", CRITEO.join("\n")],
    ["day_0.gz", gzipSync(CRITEO.join("\n"))],
  ])("reads Criteo's %s, with missing values", async (name, content) => {
    const dataset = await readContent(name, content);
    expect(rowsOf(dataset)).toEqual([
      ["#1", "impression", 0],
      ["#2", "impression", 1],
    ]);
    const columns = columnsOf(dataset);
    expect(Object.keys(columns)).toHaveLength(39);
    expect(columns).toMatchObject({
      I1: [1, NaN],
      I2: [-2, 0],
      I13: [1200, NaN],
      C1: ["68fd1e64", "05db9164"],
      C2: ["", ""],
      C26: ["b0660259", ""],
    });
    expect(impressionText(dataset.interactions.impressions!, 1)).toMatch(/^C1=05db9164, C2=, .*I2=0, I3=,/);
  });

  it("reads a folder of either", async () => {
    const avazu = await readDataset({ path: folderOf({ "train.csv": AVAZU.join("\n") }) });
    expect(formatProfile(profileDataset(avazu))).toMatch(
      /users +unknown\n +items +unknown\n +interactions +3\n +time/,
    );
    expect(avazu.history[0]).toMatchObject({ step: "read by avazu", interactions: 3 });
    const criteo = await readDataset({ path: folderOf({ "train.txt": CRITEO.join("\n") }) });
    expect(criteo.history[0]).toMatchObject({ step: "read by criteo", interactions: 2 });
  });

  const DESCRIPTOR = `
name: my-ads
impressions:
  file: log.txt
  format: csv
  separator: ";"
  label: clicked
  user: visitor
  item: ad
  time: at
  time_unit: iso
  categories: [site]
  numbers: [price]
notes: ["Shown in one city."]
`;
  const LOG = "visitor;ad;at;site;price;clicked\nv2;a;2024-03-01T12:30:00Z;x;0.5;1\nv1;a;2024-03-01;;;0\n";

  it("reads any other as described, with users and items where they are named", async () => {
    const path = folderOf({ "dataset.yaml": DESCRIPTOR, "log.txt": LOG });
    const dataset = await readDataset({ path });
    expect(dataset.name).toBe("my-ads");
    expect(dataset.notes).toEqual(["Shown in one city."]);
    expect(rowsOf(dataset)).toEqual([
      ["v2", "a", 1, 1709296200],
      ["v1", "a", 0, 1709251200],
    ]);
    expect(dataset.interactions.impressions).toMatchObject({ hasUsers: true, hasItems: true });
    expect(columnsOf(dataset)).toEqual({
      site: ["x", ""],
      price: [0.5, NaN],
      "hour of day": ["12", "0"],
      "day of week": ["Friday", "Friday"],
    });
    expect(formatProfile(profileDataset(dataset))).toContain("site, price, hour of day, day of week");
  });

  it("is a plain table where the caller names user and item", async () => {
    const columns = { user: "device_ip", item: "site_id", value: "click" };
    const report = await failureOf(readContent("train.csv", AVAZU.join("\n"), { columns }));
    // The second site is missing: as a column of items that is a fault.
    expect(report).toMatchObject({ code: "BAD_VALUE", line: 3, column: "site_id" });
  });

  const avazu = (n: number, from: string, to: string) =>
    AVAZU.map((line, at) => (at === n ? line.replace(from, to) : line)).join("\n");
  it.each<[string, string, string, object]>([
    [
      "a label that is no number",
      "train.csv",
      avazu(2, ",1,1410", ",yes,1410"),
      { code: "BAD_VALUE", line: 3, column: "click", message: '"yes" is not a number' },
    ],
    [
      "another label",
      "train.csv",
      avazu(2, ",1,1410", ",3,1410"),
      { code: "BAD_VALUE", line: 3, column: "click", message: "the label is 3, neither 0 nor 1" },
    ],
    [
      "a missing label",
      "train.csv",
      avazu(3, ",0,1410", ",,1410"),
      { code: "BAD_VALUE", line: 4, column: "click", message: "the label is missing" },
    ],
    [
      "an hour that is none",
      "train.csv",
      avazu(2, "14102123", "14102199"),
      { code: "BAD_VALUE", line: 3, column: "hour", message: '"14102199" is not an hour as YYMMDDHH' },
    ],
    ["a ragged line", "train.csv", avazu(2, ",15704", ""), { code: "MISSING_FIELDS", line: 3 }],
    ["a long line", "train.csv", avazu(2, ",15704", ",15704,1"), { code: "EXTRA_FIELDS", line: 3 }],
    [
      "Avazu's test file",
      "test.csv",
      AVAZU.map((line) => line.split(",").toSpliced(1, 1).join(",")).join("\n"),
      { code: "MISSING_COLUMN", line: 1, column: "click" },
    ],
    [
      "a count that is none",
      "train.txt",
      [CRITEO[0], criteoLine("1", { 3: "many" }, {})].join("\n"),
      { code: "BAD_VALUE", line: 2, column: "I3", message: '"many" is not a number' },
    ],
    [
      "an infinite count",
      "train.txt",
      [CRITEO[0], criteoLine("1", { 3: "inf" }, {})].join("\n"),
      { code: "BAD_VALUE", line: 2, column: "I3", message: "inf is not a finite number" },
    ],
    [
      "Criteo's test file",
      "train.txt",
      CRITEO.map((line) => line.slice(2)).join("\n"),
      { code: "MISSING_COLUMN", line: 1 },
    ],
  ])("names the place of %s", async (_what, name, content, expected) => {
    const report = await failureOf(readContent(name, content));
    expect(report).toMatchObject({ exit: 3, ...expected });
    expect(report.file).toContain(name);
  });

  it.each<[string, Record<string, string>, object]>([
    [
      "an unknown column",
      { "dataset.yaml": DESCRIPTOR.replace("[site]", "[sight]") },
      { code: "MISSING_COLUMN", exit: 3, line: 1, column: "sight" },
    ],
    [
      "the label among the categories",
      { "dataset.yaml": DESCRIPTOR.replace("[site]", "[site, clicked]") },
      { code: "BAD_DESCRIPTOR", exit: 2, message: 'impressions: the column "clicked" is named twice' },
    ],
    [
      "no columns",
      { "dataset.yaml": DESCRIPTOR.replace("[site]", "[]").replace("[price]", "[]") },
      { code: "BAD_DESCRIPTOR", exit: 2 },
    ],
    [
      "an unknown field",
      { "dataset.yaml": DESCRIPTOR.replace("  label:", "  lable:") },
      { code: "BAD_DESCRIPTOR", exit: 2 },
    ],
    [
      "items beside them",
      { "dataset.yaml": DESCRIPTOR + "items: { file: items.csv, id: ad }\n" },
      { code: "BAD_DESCRIPTOR", exit: 2 },
    ],
    [
      "a missing user",
      { "log.txt": LOG.replace("v1", "") },
      { code: "BAD_VALUE", line: 3, column: "visitor" },
    ],
  ])("refuses %s", async (_what, files, expected) => {
    const path = folderOf({ "dataset.yaml": DESCRIPTOR, "log.txt": LOG, ...files });
    const report = await failureOf(readDataset({ path }));
    expect(report).toMatchObject(expected);
    expect(report.file).toContain(join(path, report.exit === 2 ? "dataset.yaml" : "log.txt"));
  });
});

describe("the columns of impressions", () => {
  it("stay with their rows, and count in the hash of the data", async () => {
    const text = AVAZU.join("\n");
    const dataset = await readContent("train.csv", text);
    const swapped = selectInteractions(dataset.interactions, Int32Array.of(1, 0));
    expect(columnsOf({ ...dataset, interactions: swapped })).toMatchObject({ C14: ["15704", "15706"] });
    const other = await readContent("train.csv", text.replace("15704", "15705"));
    expect(hashDataset(other)).not.toBe(hashDataset(dataset));
    const again = await readContent("train.csv", text);
    expect(hashDataset(again)).toBe(hashDataset(dataset));
  });
});
