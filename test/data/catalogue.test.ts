import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packageRoot } from "../../src/core/files.js";
import { silentProgress } from "../../src/core/progress.js";
import {
  describeDataset,
  fetchDataset,
  formatDataset,
  formatDatasetList,
  listDatasets,
  openDataset,
  validateDataset,
} from "../../src/data/catalogue.js";
import { READERS, readerById } from "../../src/data/readers/index.js";
import { findDataset, loadRegistry } from "../../src/data/registry.js";
import { formatProfile } from "../../src/data/validate.js";
import { failureOf, folderOf, rowsOf } from "./readers/files.js";

const CSV = "user,item,rating,time\na,x,5,1577836800\na,y,3,1577836900\na,x,4,1577837000\nb,x,5,1577836800\n";

describe("the registry", () => {
  it("describes every data set that the documentation promises, with a licence and a reader", async () => {
    const registry = await loadRegistry();
    expect([...registry.keys()]).toEqual(
      expect.arrayContaining([
        ...[
          "ml-100k",
          "ml-1m",
          "ml-10m",
          "ml-20m",
          "ml-32m",
          "ml-latest-small",
          "citeulike-a",
          "book-crossing",
        ],
        ...[
          "amazon-2023-books",
          "amazon-2023-all-beauty",
          "steam",
          "redial",
          "inspired",
          "reddit-movie",
          "world",
        ],
      ]),
    );
    for (const dataset of registry.values()) {
      expect(dataset.licence.terms.length).toBeGreaterThan(10);
      for (const reader of dataset.readers) {
        if (reader === "world") expect(() => readerById(reader)).toThrow("made by the program");
        else expect(readerById(reader).id).toBe(reader);
      }
      expect(dataset.files.length > 0 || dataset.by_hand !== undefined).toBe(true);
    }
    expect(registry.size).toBe(
      readdirSync(join(packageRoot(), "datasets")).filter((file) => file.endsWith(".yaml")).length,
    );
    expect(new Set(READERS.map(({ id }) => id)).size).toBe(READERS.length);
  });

  it("suggests the nearest name", async () => {
    const report = await failureOf(findDataset("ml100k"));
    expect(report).toMatchObject({
      code: "UNKNOWN_DATASET",
      exit: 2,
      message: 'there is no data set "ml100k"',
    });
    expect(report.hint).toMatch(/^Did you mean ml-100k\?/);
  });

  it("refuses a descriptor with a fault, naming its line", async () => {
    const good =
      "name: x\ntitle: X\nsummary: s\nhomepage: null\nlicence: { name: a, url: null, terms: none at all }\ncitation: null\nreaders: [steam]\nfiles: []\n";
    expect([...(await loadRegistry(folderOf({ "x.yaml": good }))).keys()]).toEqual(["x"]);
    for (const [from, to, line] of [
      ["title: X", "title: 3", 2],
      ["files: []", "files: [{ url: nowhere, bytes: null, sha256: null, md5: null }]", 8],
      ["files: []", "files: [{ url: 'http://a/b', bytes: null, sha256: ABC, md5: null }]", 8],
      ["name: x", "name: y", null],
      ["title: X", "titel: X", null],
    ] as const) {
      const report = await failureOf(loadRegistry(folderOf({ "x.yaml": good.replace(from, to) })));
      expect(report).toMatchObject({ code: "BAD_DESCRIPTOR", exit: 2, line: line ?? report.line });
    }
  });

  it("lists and describes in words", async () => {
    const list = await listDatasets();
    expect(list.find(({ name }) => name === "ml-20m")).toMatchObject({
      fetchable: true,
      bytes: 198702078,
    });
    const text = formatDatasetList(list);
    expect(text.split("\n")).toHaveLength(list.length);
    expect(text).toMatch(/^reddit-movie .*\[by hand\]$/m);
    expect(text).toMatch(/^ml-20m .*\[198\.7 MB\]$/m);
    const info = formatDataset(await describeDataset("ml-1m"));
    for (const part of [
      "GroupLens terms of use",
      "Harper",
      "md5 c4d9eecfca2ab87c1945afe126590906",
      "sha256 unknown",
    ])
      expect(info).toContain(part);
  });
});

describe("opening by name or path", () => {
  const cache = () => folderOf({});

  it("takes a path for itself, and a free name for data given apart", async () => {
    const folder = folderOf({ "shop.csv": CSV });
    const path = join(folder, "shop.csv");
    expect((await openDataset(path, { cache: cache() })).name).toBe("shop");
    expect((await openDataset("mine", { cache: cache(), data: path })).name).toBe("mine");
    expect(await failureOf(openDataset(join(folder, "shpo.csv"), { cache: cache() }))).toMatchObject({
      code: "FILE_NOT_FOUND",
    });
    expect(await failureOf(openDataset("ml-100", { cache: cache() }))).toMatchObject({
      code: "UNKNOWN_DATASET",
    });
  });

  it("does not let other data pass for the published ones", async () => {
    const data = folderOf({ "small.inter": "user_id:token\titem_id:token\nu\ti\n" });
    const { notes } = await openDataset("ml-100k", { cache: cache(), data });
    expect(notes).toEqual([
      "These are not the published data of MovieLens 100K: 1 users instead of 943, 1 items instead of 1682, 1 interactions instead of 100000.",
    ]);
    const line =
      '{"conversationId": 1, "initiatorWorkerId": 1, "respondentWorkerId": 2, "messages": [], "movieMentions": []}\n';
    const talk = folderOf({ "train_data.jsonl": line, "test_data.jsonl": line });
    expect((await openDataset("redial", { cache: cache(), data: talk })).notes[1]).toBe(
      "These are not the published data of ReDial: 2 dialogues instead of 11348.",
    );
  });

  it("names what is missing offline, and how to get what can't be fetched", async () => {
    const folder = cache();
    expect(await failureOf(openDataset("ml-1m", { cache: folder, offline: true }))).toMatchObject({
      code: "OFFLINE",
      exit: 3,
      file: join(folder, "ml-1m", "ml-1m.zip"),
    });
    const report = await failureOf(openDataset("book-crossing", { cache: folder, offline: true }));
    expect(report).toMatchObject({ code: "NOT_FETCHABLE", exit: 3 });
    expect(report.hint).toContain(join(folder, "book-crossing"));
    expect(await failureOf(openDataset("world", { cache: folder, data: folder }))).toMatchObject({
      code: "NOT_READABLE",
      exit: 2,
    });
  });

  it("reads by hand what was put into the cache, and shows no licence for what is there", async () => {
    const folder = cache();
    mkdirSync(join(folder, "citeulike-a"));
    for (const [name, text] of [
      ["users.dat", "1 0\n"],
      ["item-tag.dat", "1 0\n"],
      ["tags.dat", "t\n"],
    ] as const)
      writeFileSync(join(folder, "citeulike-a", name), text);
    const said: string[] = [];
    const progress = { ...silentProgress(), note: (line: string) => void said.push(line) };
    expect(rowsOf(await openDataset("citeulike-a", { cache: folder, offline: true, progress }))).toEqual([
      ["0", "0"],
    ]);
    expect(said).toEqual([]);
  });

  it("shows the licence before it asks the network", async () => {
    const said: string[] = [];
    const progress = { ...silentProgress(), note: (line: string) => void said.push(line) };
    const stopped = AbortSignal.abort();
    expect(
      await failureOf(fetchDataset("ml-1m", { cache: cache(), progress, signal: stopped })),
    ).toMatchObject({ code: "INTERRUPTED" });
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^MovieLens 1M: GroupLens terms of use\. .*do not redistribute/);
  });

  it("takes the columns of a plain table by name", async () => {
    const path = join(folderOf({ "t.csv": "who,item,rating\na,b,3\n" }), "t.csv");
    expect(rowsOf(await openDataset(path, { cache: cache(), columns: { user: "who" } }))).toEqual([
      ["a", "b", 3],
    ]);
  });

  it("makes the embedded world", async () => {
    expect((await openDataset("world", { cache: cache(), world: { size: "tiny" } })).truth).toBeDefined();
    expect(await failureOf(openDataset("world", { cache: cache(), world: { sise: "tiny" } }))).toMatchObject({
      code: "BAD_WORLD",
      exit: 2,
    });
  });
});

describe("validateDataset", () => {
  it("counts, and finds what is odd", async () => {
    const path = join(folderOf({ "shop.csv": CSV }), "shop.csv");
    const profile = await validateDataset(path, { cache: folderOf({}) });
    expect(profile).toMatchObject({
      users: 2,
      items: 2,
      interactions: 4,
      density: 0.75,
      perUser: { min: 1, median: 2, max: 3 },
      values: [
        { from: 3, to: 3, count: 1 },
        { from: 4, to: 4, count: 1 },
        { from: 5, to: 5, count: 2 },
      ],
      times: { first: "2020-01-01T00:00:00Z", last: "2020-01-01T00:03:20Z" },
      titled: 0,
    });
    expect(profile.problems.map(({ code, count }) => [code, count])).toEqual([
      ["REPEATED_PAIRS", 1],
      ["SINGLE_USERS", 1],
    ]);
    const text = formatProfile(profile);
    expect(text).toContain("look: 1 interactions repeat an earlier (user, item) pair");
    expect(text).toContain("value 5       2 " + "#".repeat(40));
  });

  it("puts many values into ten intervals that hold them all", async () => {
    const rows = Array.from({ length: 200 }, (_, n) => `u,i${n},${n / 2}`).join("\n");
    const path = join(folderOf({ "t.csv": `user,item,rating\n${rows}\n` }), "t.csv");
    const { values } = await validateDataset(path, { cache: folderOf({}) });
    expect(values).toHaveLength(10);
    expect(values!.map(({ count }) => count)).toEqual(Array(10).fill(20));
    expect(values![9].to).toBe(99.5);
  });
});
