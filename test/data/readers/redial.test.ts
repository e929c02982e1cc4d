import { strToU8, zipSync } from "fflate";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readDataset } from "../../../src/data/readers/index.js";
import { makeSplit } from "../../../src/data/splits/strategies.js";
import { conversationProtocol } from "../../../src/tasks/conversation-protocol.js";
import { failureOf, folderOf, spell } from "./files.js";

/** Worker 7 asks, worker 8 recommends; a message is `S ...` or `R ...`. */
function conversation(
  id: string | number,
  messages: string[],
  movieMentions: Record<string, string | null> | [] = [],
  more: object = {},
) {
  return {
    movieMentions,
    respondentQuestions: [],
    messages: messages.map((words, n) => ({
      timeOffset: n,
      text: words.slice(2),
      senderWorkerId: words.startsWith("S") ? 7 : 8,
      messageId: n,
    })),
    conversationId: id,
    respondentWorkerId: 8,
    initiatorWorkerId: 7,
    initiatorQuestions: [],
    ...more,
  };
}

const lines = (...records: unknown[]) => records.map((one) => JSON.stringify(one) + "\n").join("");

const quiet = (id: number) => conversation(id, ["S Hi"]);

const files = () => ({
  "train_data.jsonl": lines(
    conversation("101", ["S Hi", "R I liked @70001  a lot, @70002?", "R or @70001.", "S @Dad says no"], {
      "70001": "Tin  Moon (1999)",
      "70002": "Grey Harbour ",
    }),
    conversation(102, ["R @70002", "S Not @70003, not @70004, nor @70009"], {
      "70002": "Grey Harbour ",
      "70003": null,
      "70009": null,
    }),
    ...[103, 104, 105, 106, 107, 108, 109].map(quiet),
    conversation(110, ["S I&quot;m &amp; you", "R Try @70001\r\n&#39;now&#x27;"], {
      "70001": "Tin Moon (1999)",
    }),
  ),
  "test_data.jsonl": lines(
    conversation(101, ["R @70005 or @70002", "S No", "S  ", "R Then @70005, @70001"], {
      "70001": "Tin Moon (1999)",
      "70002": "Grey Harbour ",
      "70005": "Tin Moon (2014)",
    }),
  ),
  "movies_with_mentions.csv":
    'movieId,movieName,nbMentions\n70001,Tin Moon (1999),3\n70003,"Oh, Brother (2001)",1\n70008,Nobody (2000),0\n70009,,1\n',
});

describe("ReDial", () => {
  it("puts titles in the place of ids, and makes one turn of what one person says", async () => {
    const dataset = await readDataset({ path: folderOf(files()) });
    expect(spell(dataset, 0)).toEqual([
      "seeker: Hi []",
      "recommender: I liked Tin Moon a lot, Grey Harbour? or Tin Moon. [Tin Moon=70001, Grey Harbour=70002, Tin Moon=70001]",
      "seeker: @Dad says no []",
    ]);
    // A title of the list of films; ids that nothing gives a title.
    expect(spell(dataset, 1)).toEqual([
      "recommender: Grey Harbour [Grey Harbour=70002]",
      "seeker: Not Oh, Brother, not @70004, nor @70009 [Oh, Brother=70003, @70004=?, @70009=?]",
    ]);
    expect(spell(dataset, 9)).toEqual([
      `seeker: I"m & you []`,
      "recommender: Try Tin Moon 'now' [Tin Moon=70001]",
    ]);
    expect(spell(dataset, 10)).toEqual([
      "recommender: Tin Moon or Grey Harbour [Tin Moon=70005, Grey Harbour=70002]",
      "seeker: No []",
      "recommender: Then Tin Moon, Tin Moon [Tin Moon=70005, Tin Moon=70001]",
    ]);
  });

  it("numbers the films that are named, and the seekers; a tenth of the training file is validation", async () => {
    const { items, users, dialogues, published, interactions, notes, history } = await readDataset({
      path: folderOf(files()),
    });
    expect(items.keys).toEqual(["70001", "70002", "70003", "70005"]);
    expect(items.titles).toEqual([
      "Tin Moon (1999)",
      "Grey Harbour",
      "Oh, Brother (2001)",
      "Tin Moon (2014)",
    ]);
    expect(items.attributes).toEqual({ year: Float64Array.of(1999, NaN, 2001, 2014) });
    expect(users.keys).toEqual(["7"]);
    expect(dialogues!.map(({ id, user }) => [id, user])).toEqual([
      ...["101", "102", "103", "104", "105", "106", "107", "108", "109", "110"].map((id) => [
        `train_${id}`,
        0,
      ]),
      ["test_101", 0],
    ]);
    expect([...published!.dialogues!]).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 3]);
    expect(published!.description).toBe(
      "as-published(ReDial, validation: the last tenth of the training file)",
    );
    expect(interactions.users).toHaveLength(0);
    expect(notes).toEqual([expect.stringContaining("no validation file is published")]);
    expect(history.map(({ step }) => step)).toEqual([
      "read by redial",
      "2 mentions of films without a title: not in the catalogue",
    ]);
  });

  it("reads the archive as it is published, also without the list of films, and lines that end as on Windows", async () => {
    const plain = await readDataset({ path: folderOf(files()), name: "x" });
    const zip = zipSync(
      Object.fromEntries(Object.entries(files()).map(([name, text]) => [name, strToU8(text)])),
    );
    expect(await readDataset({ path: folderOf({ "redial_dataset.zip": zip }), name: "x" })).toEqual(plain);
    const windows = Object.fromEntries(
      Object.entries(files()).map(([name, text]) => [name, text.replaceAll("\n", "\r\n")]),
    );
    expect(await readDataset({ path: folderOf(windows), name: "x" })).toEqual(plain);
    const { "train_data.jsonl": train, "test_data.jsonl": test } = files();
    const two = folderOf({ "train_data.jsonl": train, "test_data.jsonl": test });
    expect((await readDataset({ path: two })).items.keys).toEqual(["70001", "70002", "70005"]);
  });

  it.each<[string, string, object]>([
    ["no JSON", '{"movieMentions": ', { code: "BAD_JSON", line: 2 }],
    [
      "a field that is missing",
      lines({ ...quiet(2), messages: undefined }),
      { code: "BAD_VALUE", line: 2, column: "messages" },
    ],
    [
      "a text that is none",
      lines({ ...quiet(2), messages: [{ text: 3, senderWorkerId: 7 }] }),
      { code: "BAD_VALUE", line: 2, column: "messages.0.text" },
    ],
    [
      "somebody else who speaks",
      lines({ ...quiet(2), messages: [{ text: "Hi", senderWorkerId: 9 }] }),
      {
        code: "BAD_VALUE",
        line: 2,
        column: "messages.0.senderWorkerId",
        message: "worker 9 is neither the initiator nor the respondent",
      },
    ],
    [
      "titles in another form",
      lines({ ...quiet(2), movieMentions: ["Tin Moon"] }),
      { code: "BAD_VALUE", line: 2, column: "movieMentions" },
    ],
    ["a conversation twice", lines(quiet(1)), { code: "DUPLICATE_ID", line: 2, column: "conversationId" }],
  ])("refuses %s", async (_what, second, expected) => {
    const path = folderOf({ ...files(), "test_data.jsonl": lines(quiet(1)) + second });
    expect(await failureOf(readDataset({ path }))).toMatchObject({
      exit: 3,
      file: join(path, "test_data.jsonl"),
      ...expected,
    });
  });

  it("refuses an empty file, and a film listed twice", async () => {
    expect(
      await failureOf(readDataset({ path: folderOf({ ...files(), "train_data.jsonl": "\n" }) })),
    ).toMatchObject({ code: "EMPTY_FILE", exit: 3 });
    const csv = "movieId,movieName,nbMentions\n1,A,1\n2,B,1\n1,C,1\n";
    expect(
      await failureOf(readDataset({ path: folderOf({ ...files(), "movies_with_mentions.csv": csv }) })),
    ).toMatchObject({ code: "DUPLICATE_ID", line: 4, column: "movieId" });
  });

  it("gives the conversation protocol a case for each film of a recommender's turn", async () => {
    const dataset = await readDataset({ path: folderOf(files()) });
    const { turns, cases, training } = conversationProtocol(dataset, makeSplit(dataset, "published"));
    const key = (item: number) => dataset.items.keys[item];
    expect(turns.map(({ name, mentioned }) => [name, mentioned.map(key)])).toEqual([
      ["test_101#0", []],
      ["test_101#2", ["70005", "70002"]],
    ]);
    expect(cases.map(({ turn, target, repeated }) => [turn, key(target), repeated])).toEqual([
      [0, "70005", false],
      [0, "70002", false],
      [1, "70005", true],
      [1, "70001", false],
    ]);
    expect(training.samples.map(({ name, target }) => [name, key(target)])).toEqual([
      ["train_101#1", "70001"],
      ["train_101#1", "70002"],
      ["train_102#0", "70002"],
    ]);
    expect(training.validation.map(({ name }) => name)).toEqual(["train_110#1"]);
    expect(training.candidates).toHaveLength(4);
  });
});
