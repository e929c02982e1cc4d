import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { strToU8, zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { readDataset } from "../../../src/data/readers/index.js";
import { failureOf, folderOf, genresOf, rowsOf } from "./files.js";

const flags = (...genres: number[]) =>
  Array.from({ length: 19 }, (_, n) => (genres.includes(n) ? 1 : 0)).join("|");
const item = (id: number, title: string, ...genres: number[]) =>
  `${id}|${title}|01-Jan-1995||http://x|${flags(...genres)}\n`;

const ML100K = {
  "ml-100k/u.data": "2\t3\t5\t881250949\n1\t1\t3\t881250950\n",
  "ml-100k/u.item": Buffer.from(
    item(1, "Toy Story (1995)", 3, 4, 5) + item(2, "unknown", 0) + item(3, "Misérables, Les (1995)", 8),
    "latin1",
  ),
  "ml-100k/u.user": "1|24|M|technician|85711\n2|53|F|other|09403\n",
};
const ML1M = {
  "ratings.dat": "2::3::5::978300760\r\n1::1::3::978302109\r\n",
  "movies.dat": Buffer.from(
    '1::Toy Story (1995)::Animation|Children\'s|Comedy\r\n2::Café::(no genres listed)\r\n3::Wild: "A" | B (1996)::Drama\r\n',
    "latin1",
  ),
  "users.dat": "1::F::1::10::48067\r\n2::M::56::16::70072\r\n",
};
const MLCSV = {
  "ratings.csv": "userId,movieId,rating,timestamp\n2,3,4.5,1112486027\n1,1,0.5,1112484676\n",
  "movies.csv":
    'movieId,title,genres\n1,Toy Story (1995),Adventure|Animation\n2,No Year,(no genres listed)\n3,"American President, The (1995)",Comedy\n',
};

describe("MovieLens", () => {
  it("100K: Latin-1 titles, genre flags, idle items, users' attributes", async () => {
    const dataset = await readDataset({ path: folderOf(ML100K), name: "ml-100k" });
    expect(dataset.name).toBe("ml-100k");
    expect(rowsOf(dataset)).toEqual([
      ["2", "3", 5, 881250949],
      ["1", "1", 3, 881250950],
    ]);
    expect(dataset.users).toEqual({
      keys: ["1", "2"],
      attributes: {
        age: Float64Array.of(24, 53),
        gender: ["M", "F"],
        occupation: ["technician", "other"],
        zip_code: ["85711", "09403"],
      },
    });
    expect(dataset.items.titles).toEqual(["Toy Story (1995)", "unknown", "Misérables, Les (1995)"]);
    expect(dataset.items.attributes).toEqual({ year: Float64Array.of(1995, NaN, 1995) });
    expect(genresOf(dataset)).toEqual([["Animation", "Children's", "Comedy"], [], ["Drama"]]);
  });

  it("1M: two colons, Latin-1, codes of occupations", async () => {
    const dataset = await readDataset({ path: folderOf(ML1M) });
    expect(rowsOf(dataset)).toEqual([
      ["2", "3", 5, 978300760],
      ["1", "1", 3, 978302109],
    ]);
    expect(dataset.users.attributes.occupation).toEqual(["K-12 student", "self-employed"]);
    expect(dataset.items.titles).toEqual(["Toy Story (1995)", "Café", 'Wild: "A" | B (1996)']);
    expect(genresOf(dataset)).toEqual([["Animation", "Children's", "Comedy"], [], ["Drama"]]);
  });

  it("10M: UTF-8 and no users.dat", async () => {
    const files = { "ratings.dat": "7::3::4.5::978300760\n", "movies.dat": "3::Amélie (2001)::Comedy\n" };
    const dataset = await readDataset({ path: folderOf(files) });
    expect(dataset.items.titles).toEqual(["Amélie (2001)"]);
    expect(rowsOf(dataset)).toEqual([["7", "3", 4.5, 978300760]]);
  });

  it("20M: quoted titles, the order of movies.csv", async () => {
    const dataset = await readDataset({ path: folderOf(MLCSV) });
    expect(dataset.items.keys).toEqual(["1", "2", "3"]);
    expect(dataset.items.titles[2]).toBe("American President, The (1995)");
    expect(dataset.users.keys).toEqual(["2", "1"]);
    expect(genresOf(dataset)).toEqual([["Adventure", "Animation"], [], ["Comedy"]]);
  });

  it.each([
    ["100K", ML100K],
    ["1M", ML1M],
    ["20M", MLCSV],
  ])("%s: a zip gives what its folder gives, also a zip in a folder", async (_what, files) => {
    const plain = await readDataset({ path: folderOf(files), name: "x" });
    const zip = zipSync(
      Object.fromEntries(
        Object.entries(files).map(([name, content]) => [
          `top/${name}`,
          typeof content === "string" ? strToU8(content) : new Uint8Array(content),
        ]),
      ),
    );
    const folder = folderOf({ "x.zip": zip });
    expect(await readDataset({ path: join(folder, "x.zip") })).toEqual(plain);
    expect(await readDataset({ path: folder, name: "x" })).toEqual(plain);
  });

  it.each<[string, Record<string, string | Uint8Array>, object]>([
    [
      "text in a rating",
      { ...ML1M, "ratings.dat": "1::1::3::1\n1::2::five::1\n" },
      { code: "BAD_VALUE", line: 2, column: "Rating" },
    ],
    [
      "commas instead of colons",
      { ...ML1M, "ratings.dat": "1,1,3,1\n" },
      {
        code: "WRONG_SEPARATOR",
        line: 1,
        message: 'the columns are separated by ",", but "::" was expected',
      },
    ],
    ["a column too few", { ...ML1M, "ratings.dat": "1::1::3\n" }, { code: "MISSING_COLUMN", line: 1 }],
    [
      "an item given twice",
      { ...MLCSV, "movies.csv": 'movieId,title,genres\n1,"a",b\n7,c,d\n1,e,f\n' },
      { code: "DUPLICATE_ID", line: 4, column: "movieId" },
    ],
    [
      "a header that lacks a column",
      { ...MLCSV, "ratings.csv": "userId,movieId,timestamp\n1,1,1\n" },
      { code: "MISSING_COLUMN", column: "rating" },
    ],
    ["an empty file", { ...ML100K, "ml-100k/u.data": "" }, { code: "EMPTY_FILE" }],
    [
      "Latin-1 in a CSV",
      { ...MLCSV, "movies.csv": Buffer.from("movieId,title,genres\n1,Caf\xe9,b\n", "latin1") },
      { code: "BAD_ENCODING", line: 2 },
    ],
  ])("names the place of %s", async (_what, files, expected) => {
    expect(await failureOf(readDataset({ path: folderOf(files) }))).toMatchObject({ exit: 3, ...expected });
  });

  it("names a file within a zip", async () => {
    const files = {
      "a/ratings.csv": strToU8("userId,movieId,rating,timestamp\n1,1,x,1\n"),
      "a/movies.csv": strToU8(MLCSV["movies.csv"]),
    };
    const path = join(folderOf({ "m.zip": zipSync(files) }), "m.zip");
    expect(await failureOf(readDataset({ path }))).toMatchObject({
      file: `${path}/a/ratings.csv`,
      line: 2,
      column: "rating",
    });
  });
});

describe("RecBole atomic files", () => {
  const FILES = {
    "toy.inter":
      "user_id:token\titem_id:token\trating:float\ttimestamp:float\nu2\ti9\t4\t881250949\nu1\ti1\t3.5\t2\n",
    "toy.item":
      'item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\tprice:float\tplot:token_seq\ni1\t"Toy" Story\t1995\tAnimation Sci-Fi\t1.5\tA plot\ni2\tEmpty\t\t\t\t\n',
    "toy.user": "user_id:token\tage:token\tzip_code:token\nu1\t24\t08571\nu2\t\tT8H1N\n",
  };

  it("takes types from the header", async () => {
    const dataset = await readDataset({ path: folderOf(FILES), name: "toy" });
    expect(rowsOf(dataset)).toEqual([
      ["u2", "i9", 4, 881250949],
      ["u1", "i1", 3.5, 2],
    ]);
    expect(dataset.users).toEqual({
      keys: ["u1", "u2"],
      attributes: { age: Float64Array.of(24, NaN), zip_code: ["08571", "T8H1N"] },
    });
    expect(dataset.items).toMatchObject({
      keys: ["i1", "i2", "i9"],
      titles: ['"Toy" Story', "Empty", ""],
      texts: { plot: ["A plot", "", ""] },
      attributes: { release_year: Float64Array.of(1995, NaN, NaN), price: Float64Array.of(1.5, NaN, NaN) },
    });
    expect(genresOf(dataset)).toEqual([["Animation", "Sci-Fi"], [], []]);
    expect(dataset.history.map(({ step }) => step)).toEqual([
      "read by recbole",
      "of these 1 items are not in the items table: kept",
    ]);
  });

  it("needs only the .inter file, without ratings and times", async () => {
    const dataset = await readDataset({
      path: folderOf({ "a.inter": "item_id:token\tuser_id:token\nx\ty\n" }),
    });
    expect(rowsOf(dataset)).toEqual([["y", "x"]]);
  });

  it.each<[string, string, object]>([
    ["commas", "user_id:token,item_id:token\n1,2\n", { code: "WRONG_SEPARATOR", line: 1 }],
    ["a header without types", "user_id\titem_id\n1\t2\n", { code: "BAD_HEADER", column: "user_id" }],
    [
      "no item column",
      "user_id:token\tmovie:token\n1\t2\n",
      { code: "MISSING_COLUMN", column: "item_id:token" },
    ],
    [
      "text in a rating",
      "user_id:token\titem_id:token\trating:float\n1\t2\tx\n",
      { code: "BAD_VALUE", line: 2, column: "rating:float" },
    ],
  ])("names the place of %s", async (_what, inter, expected) => {
    expect(await failureOf(readDataset({ path: folderOf({ "toy.inter": inter }) }))).toMatchObject({
      exit: 3,
      ...expected,
    });
  });
});

describe("CiteULike", () => {
  const FILES = {
    "users.dat": "2 0 2\n1 1\n2 3 0",
    "item-tag.dat": "2 1 0\n0\n1 2\n0",
    "tags.dat": "graph\nweb_mining\nnews",
  };
  const SPLIT = {
    "coldllm/warm_emb.csv": "user,item\n0,0\n",
    "coldllm/warm_val.csv": "user,item\n2,0\n",
    "coldllm/warm_test.csv": "user,item\n1,1\n",
    "coldllm/cold_item_val.csv": "user,item\n0,2\n",
    "coldllm/cold_item_test.csv": "user,item\n2,3\n",
  };

  it("reads pairs and tags, and says where the tags come from", async () => {
    const dataset = await readDataset({ path: folderOf(FILES) });
    expect(rowsOf(dataset)).toEqual([
      ["0", "0"],
      ["0", "2"],
      ["1", "1"],
      ["2", "3"],
      ["2", "0"],
    ]);
    expect(dataset.items.texts).toEqual({ tags: ["web_mining, graph", "", "news", ""] });
    expect(dataset.notes.join()).toContain("Users typed these tags");
    expect(dataset.published).toBeUndefined();
  });

  it("reads the published split", async () => {
    const { published } = await readDataset({ path: folderOf({ ...FILES, ...SPLIT }) });
    expect([...published!.parts]).toEqual([1, 2, 3, 3, 2]);
    expect([...published!.coldItems]).toEqual([0, 0, 1, 1]);
    expect([...published!.coldUsers]).toEqual([0, 0, 0]);
    expect(published!.hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it("leaves pairs out of every part that the split does not name", async () => {
    const files = { ...FILES, ...SPLIT, "coldllm/warm_test.csv": "user,item\n" };
    const { published } = await readDataset({ path: folderOf(files) });
    expect([...published!.parts]).toEqual([1, 2, 0, 3, 2]);
  });

  it.each<[string, Record<string, string>, object]>([
    [
      "a count that disagrees",
      { "users.dat": "2 0 2\n3 1\n" },
      { code: "BAD_LINE", line: 2, message: "this line announces 3 items but lists 1" },
    ],
    [
      "an unknown item",
      { "users.dat": "2 0 9\n" },
      { code: "BAD_LINE", line: 1, column: 3, message: "there is no item 9" },
    ],
    ["an unknown tag", { "item-tag.dat": "1 7\n0\n0\n0\n" }, { code: "BAD_LINE", line: 1 }],
    ["a negative item", { "users.dat": "1 -1\n" }, { code: "BAD_LINE", line: 1, column: 2 }],
    ["text", { "users.dat": "1 1\n1 x\n" }, { code: "BAD_LINE", line: 2, column: 2 }],
    ["an empty line", { "users.dat": "1 1\n\n1 1\n" }, { code: "BAD_LINE", line: 2 }],
    ["an item listed twice", { "users.dat": "3 1 2 1\n" }, { code: "BAD_LINE", line: 1, column: 4 }],
    ["an empty file", { "users.dat": "" }, { code: "EMPTY_FILE" }],
    [
      "a file of the split that is missing",
      { "coldllm/warm_emb.csv": "user,item\n0,0\n" },
      { code: "MISSING_FILE" },
    ],
    [
      "a pair in two parts",
      { ...SPLIT, "coldllm/warm_val.csv": "user,item\n2,0\n0,0\n" },
      { code: "PAIR_TWICE", line: 3 },
    ],
    [
      "a pair that is no interaction",
      { ...SPLIT, "coldllm/warm_val.csv": "user,item\n1,0\n" },
      { code: "UNKNOWN_PAIR", line: 2 },
    ],
    [
      "an item out of range",
      { ...SPLIT, "coldllm/warm_val.csv": "user,item\n0,4\n" },
      { code: "UNKNOWN_PAIR", line: 2 },
    ],
    [
      "a cold item in train",
      { ...SPLIT, "coldllm/cold_item_test.csv": "user,item\n2,0\n", "coldllm/warm_val.csv": "user,item\n" },
      { code: "COLD_ITEM_WARM", line: 2 },
    ],
    [
      "another header",
      { ...SPLIT, "coldllm/warm_val.csv": "item,user\n" },
      { code: "MISSING_COLUMN", line: 1 },
    ],
  ])("refuses %s", async (_what, files, expected) => {
    expect(await failureOf(readDataset({ path: folderOf({ ...FILES, ...files }) }))).toMatchObject({
      exit: 3,
      ...expected,
    });
  });
});

describe("Book-Crossing", () => {
  const images = "http://i/S.jpg\thttp://i/M.jpg\thttp://i/L.jpg\t\n";
  const FILES = {
    "book_ratings.dat": "user\titem\trating\n1\t3\t7.000000\n",
    "book_history.dat": "user\titem\taccessed\n1\t3\t1\n2\t1\t1\n",
    "users_info.dat": "User-ID\tLocation\tAge\n1\tminneapolis, usa\t24\t\n2\tnowhere\t\t\n",
    "items_info.dat":
      "Book_ID\tISBN\tBook-Title\tBook-Author\tYear-Of-Publication\tPublisher\tImage-URL-S\tImage-URL-M\tImage-URL-L\n" +
      `1\t01X\tDecision: 1984\tCarlo D'Este\t1991\tHarper\t${images}` +
      `2\t02X\tAngels &amp\t Demons\t2001\t0\tSimon &amp\t Schuster\t${images}` +
      `3\t03X\tFive Novels\t Slaves\t The Last\tDaniel Pinkwater\t1997\tFarrar, Straus\t${images}`,
  };

  it("puts lines together again that the cleaning divided", async () => {
    const { items } = await readDataset({ path: folderOf(FILES) });
    expect(items.titles).toEqual(["Decision: 1984", "Angels & Demons", "Five Novels; Slaves; The Last"]);
    expect(items.texts).toEqual({
      author: ["Carlo D'Este", "2001", "Daniel Pinkwater"],
      publisher: ["Harper", "Simon & Schuster", "Farrar, Straus"],
    });
    expect(items.attributes).toEqual({ year: Float64Array.of(1991, NaN, 1997), isbn: ["01X", "02X", "03X"] });
  });

  it("gives the ratings, or on demand the history without values", async () => {
    const path = folderOf(FILES);
    const ratings = await readDataset({ path });
    expect(rowsOf(ratings)).toEqual([["1", "3", 7]]);
    expect(ratings.users).toEqual({
      keys: ["1", "2"],
      attributes: { location: ["minneapolis, usa", "nowhere"], age: Float64Array.of(24, NaN) },
    });
    const history = await readDataset({ path, readers: ["book-crossing-history"] });
    expect(rowsOf(history)).toEqual([
      ["1", "3"],
      ["2", "1"],
    ]);
  });

  it.each<[string, Record<string, string>, object]>([
    [
      "a user given twice",
      { "users_info.dat": "User-ID\tLocation\tAge\n1\ta\t2\n1\tb\t3\n" },
      { code: "DUPLICATE_ID", line: 3 },
    ],
    [
      "a book without a year",
      { "items_info.dat": FILES["items_info.dat"].replace("1991", "") },
      { code: "BAD_LINE", line: 2 },
    ],
    [
      "a lost column",
      { "users_info.dat": "User-ID\tAge\n1\t2\n" },
      { code: "MISSING_COLUMN", column: "Location" },
    ],
  ])("refuses %s", async (_what, files, expected) => {
    expect(await failureOf(readDataset({ path: folderOf({ ...FILES, ...files }) }))).toMatchObject({
      exit: 3,
      ...expected,
    });
  });
});

describe("Amazon Reviews 2023", () => {
  const lines = (rows: object[]) => gzipSync(rows.map((row) => JSON.stringify(row)).join("\n"));
  const FILES = {
    "All_Beauty.jsonl.gz": lines([
      {
        rating: 5.0,
        title: "t",
        text: "x",
        images: [],
        asin: "B1a",
        parent_asin: "B1",
        user_id: "AG",
        timestamp: 1588687728923,
        verified_purchase: true,
      },
      {
        rating: 1.0,
        title: "t",
        text: "x",
        images: [],
        asin: "B2",
        parent_asin: "B2",
        user_id: "AH",
        timestamp: 1588615855000,
      },
    ]),
    "meta_All_Beauty.jsonl.gz": lines([
      {
        main_category: "All Beauty",
        title: "Soap",
        average_rating: 4.8,
        rating_number: 10,
        features: [],
        description: ["One.", "Two."],
        price: null,
        store: "Howard",
        categories: ["Skin", "Soap"],
        details: {},
        parent_asin: "B1",
      },
    ]),
  };

  it("joins reviews and products, with times in seconds", async () => {
    const dataset = await readDataset({ path: folderOf(FILES) });
    expect(rowsOf(dataset)).toEqual([
      ["AG", "B1", 5, 1588687728.923],
      ["AH", "B2", 1, 1588615855],
    ]);
    expect(dataset.items.titles).toEqual(["Soap", ""]);
    expect(dataset.items.texts).toEqual({ store: ["Howard", ""], description: ["One. Two.", ""] });
    expect(genresOf(dataset)).toEqual([["Skin", "Soap"], []]);
    expect(dataset.items.attributes).toEqual({});
  });

  it("refuses a file that was cut short", async () => {
    const files = { ...FILES, "All_Beauty.jsonl.gz": FILES["All_Beauty.jsonl.gz"].subarray(0, -8) };
    expect(await failureOf(readDataset({ path: folderOf(files) }))).toMatchObject({
      code: "TRUNCATED_GZIP",
      exit: 3,
    });
  });
});

describe("Steam", () => {
  const FILES = {
    "steam_reviews.json.gz": gzipSync(
      "{u'username': u'Chaos Syren', u'hours': 0.1, u'product_id': u'725280', u'date': u'2017-12-17', u'text': u'It\\'s \\u2665', u'early_access': False}\n" +
        "{u'username': u'None', u'product_id': u'9', u'date': u'2017-12-18', u'text': u\"it's\", u'compensation': None}\n",
    ),
    "steam_games.json.gz": gzipSync(
      "{u'genres': [u'Action', u'RPG'], u'app_name': u'Lost', u'title': u'Lost Kitty', u'release_date': u'2018-01-04', u'tags': [u'Cats'], u'price': 4.99, u'id': u'725280', u'developer': u'Koto'}\n" +
        "{u'app_name': u'Without an id'}\n{u'app_name': u'Again', u'id': u'725280'}\n",
    ),
  };

  it("reads Python's dictionaries, and counts the games it leaves out", async () => {
    const dataset = await readDataset({ path: folderOf(FILES) });
    expect(rowsOf(dataset)).toEqual([
      ["Chaos Syren", "725280", 1513468800],
      ["None", "9", 1513555200],
    ]);
    expect(dataset.items.titles).toEqual(["Lost Kitty", ""]);
    expect(dataset.items.texts).toEqual({ developer: ["Koto", ""], tags: ["Cats", ""] });
    expect(dataset.items.attributes).toEqual({ year: Float64Array.of(2018, NaN) });
    expect(genresOf(dataset)).toEqual([["Action", "RPG"], []]);
    expect(dataset.history.map(({ step }) => step)).toEqual([
      "read by steam",
      "2 games without an id, or with a repeated one: left out",
      "of these 1 items are not in the items table: kept",
    ]);
  });

  it.each<[string, string, object]>([
    ["code", "{u'username': __import__('os')}", { code: "BAD_LINE", line: 1, column: 15 }],
    [
      "a missing product",
      "{u'username': u'a', u'date': u'2017-01-01'}",
      { code: "BAD_VALUE", line: 1, column: "product_id" },
    ],
    [
      "no date",
      "{u'username': u'a', u'product_id': u'1', u'date': u'soon'}",
      { code: "BAD_VALUE", line: 1, column: "date" },
    ],
    ["a list", "[1]", { code: "BAD_LINE", line: 1 }],
  ])("refuses %s", async (_what, line, expected) => {
    const files = { "steam_games.json": "{'id': '1'}\n", "steam_reviews.json": `${line}\n` };
    expect(await failureOf(readDataset({ path: folderOf(files) }))).toMatchObject({ exit: 3, ...expected });
  });
});

describe("a folder without known files", () => {
  it("lists what was found and what was looked for", async () => {
    const report = await failureOf(readDataset({ path: folderOf({ "ratings.csv": "a", "readme.md": "b" }) }));
    expect(report).toMatchObject({
      code: "UNKNOWN_FORMAT",
      message: "no known data set is here; found: ratings.csv, readme.md",
    });
    for (const text of [
      "ratings.csv and movies.csv",
      "u.data, u.item, u.user",
      "NAME.inter",
      "users.dat, item-tag.dat",
    ]) {
      expect(report.hint).toContain(text);
    }
  });

  it("says of the embedded world that it is no file", async () => {
    expect(await failureOf(readDataset({ path: folderOf({}), readers: ["world"] }))).toMatchObject({
      code: "NOT_READABLE",
      exit: 2,
    });
    expect(await failureOf(readDataset({ path: folderOf({}), readers: ["movielens100k"] }))).toMatchObject({
      code: "UNKNOWN_READER",
      exit: 2,
    });
  });
});
