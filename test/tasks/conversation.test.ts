import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packageRoot } from "../../src/core/files.js";
import { silentProgress } from "../../src/core/progress.js";
import { openDataset } from "../../src/data/catalogue.js";
import type { Dataset } from "../../src/data/dataset.js";
import type { Dialogue, Mention, Turn } from "../../src/data/dialogue.js";
import { readSplit, writeSplit } from "../../src/data/splits/file.js";
import { makeSplit } from "../../src/data/splits/strategies.js";
import { worldDataset } from "../../src/data/world/world.js";
import type { AnsweredList, ConversationAnswers, ConversationCase } from "../../src/tasks/conversation.js";
import { evaluateConversation } from "../../src/tasks/conversation-evaluation.js";
import { conversationProtocol } from "../../src/tasks/conversation-protocol.js";
import { defaultConversationSplit, prepareConversation } from "../../src/tasks/conversation-task.js";
import { folderOf } from "../data/readers/files.js";

const context = { progress: silentProgress(), signal: new AbortController().signal, label: "test" };

/** `S` or `R`, then the items named; `~` before an item: in passing; -1: not in the catalogue. */
function turn(words: string): Turn {
  const [role, ...named] = words.split(" ");
  const mentions = named.map((word): Mention => {
    const passing = word.startsWith("~");
    return { item: Number(word.replace("~", "")), start: 0, end: 0, ...(passing && { passing }) };
  });
  return { role: role === "S" ? "seeker" : "recommender", text: words, mentions };
}

/** Five items of which the last may not be recommended. */
function datasetOf(...dialogues: string[][]): Dataset {
  const titles = ["Heat", "Up", "Alien", "Jaws", "Her"];
  return {
    name: "talk",
    users: { keys: [], attributes: {} },
    items: {
      keys: titles.map((title) => title.toLowerCase()),
      titles,
      texts: {},
      categoryNames: [],
      categories: titles.map(() => []),
      attributes: { recommendable: Float64Array.of(1, 1, 1, 1, 0) },
    },
    interactions: { users: new Int32Array(0), items: new Int32Array(0), values: null, times: null },
    dialogues: dialogues.map((turns, n): Dialogue => ({
      id: `d${n}`,
      user: -1,
      time: n,
      turns: turns.map(turn),
    })),
    notes: [],
    history: [],
  };
}

/** The last dialogue is test, the one before validation. */
function protocolOf(...dialogues: string[][]) {
  const dataset = datasetOf(...dialogues);
  const share = 1 / dialogues.length;
  return conversationProtocol(
    dataset,
    makeSplit(dataset, "dialogue-time", { validation: share, test: share }),
  );
}

const TEST = ["S 0 4", "R 1 1 ~2", "S -1", "R 1 3 0 -1 4", "S 2"];

describe("conversationProtocol", () => {
  const protocol = protocolOf(["R 2", "S 2", "R 2 3"], [], ["R 0"], TEST);
  const { training, turns, cases } = protocol;

  it("asks about each turn that recommends, with what was said and named before it", () => {
    expect(turns.map(({ name, context, mentioned }) => [name, context.length, mentioned])).toEqual([
      ["d3#1", 1, [0, 4]],
      ["d3#3", 3, [0, 4, 1, 2]],
    ]);
    expect(cases).toEqual([
      { turn: 0, target: 1, repeated: false },
      { turn: 1, target: 1, repeated: true },
      { turn: 1, target: 3, repeated: false },
      { turn: 1, target: 0, repeated: true },
    ]);
  });

  it("shows training dialogues alone, and what may not be recommended as no candidate", () => {
    expect(training.dialogues.map(({ id }) => id)).toEqual(["d0", "d1"]);
    expect(training.samples.map(({ name, target, mentioned }) => [name, target, mentioned])).toEqual([
      ["d0#0", 2, []],
      ["d0#2", 2, [2]],
      ["d0#2", 3, [2]],
    ]);
    expect(training.validation.map(({ name, target }) => [name, target])).toEqual([["d2#0", 0]]);
    expect([...training.candidates]).toEqual([0, 1, 2, 3]);
  });

  it("never hands out a turn at or after the one that is asked about", () => {
    const dataset = worldDataset({ size: "tiny" });
    const split = makeSplit(dataset, defaultConversationSplit(dataset));
    expect(split.description).toBe("dialogue-time(validation=0.1, test=0.2)");
    const world = conversationProtocol(dataset, split);
    const moment = (part: number) =>
      dataset.dialogues!.filter((_, n) => split.dialogues![n] === part).map(({ time }) => time);
    expect(Math.max(...moment(1))).toBeLessThanOrEqual(Math.min(...moment(2)));
    expect(Math.max(...moment(2))).toBeLessThanOrEqual(Math.min(...moment(3)));
    for (const { dialogue, turn, context } of world.turns) {
      expect(context).toEqual(dataset.dialogues![dialogue].turns.slice(0, turn));
      expect(split.dialogues![dialogue]).toBe(3);
    }
    const asked = new Set(world.turns.map(({ dialogue }) => dataset.dialogues![dialogue].id));
    expect(world.training.dialogues.filter(({ id }) => asked.has(id))).toEqual([]);
  });

  it("refuses data without dialogues, a split of something else, and tests without a recommendation", () => {
    const none = datasetOf();
    expect(() => makeSplit(none, "dialogue-ratio")).toThrow(/divides dialogues, and talk has none/);
    const dataset = datasetOf(["R 0"], ["R 1"]);
    const split = makeSplit(dataset, "dialogue-time", { validation: 0, test: 0.5 });
    expect(() => conversationProtocol(none, split)).toThrow(/has no dialogues/);
    expect(() => conversationProtocol(dataset, { ...split, dialogues: undefined })).toThrow(
      /does not divide the dialogues/,
    );
    expect(() => protocolOf(["R 0"], [], ["R -1 4 ~1"])).toThrow(/no test dialogue of talk recommends/);
    expect(() => protocolOf(["R 0"], [], ["R 9"])).toThrow(/dialogue d2, turn 0 names the item number 9/);
  });

  it("divides at random where there are no times, and comes back from a file", async () => {
    const dataset = datasetOf(...Array.from({ length: 10 }, () => ["R 0"]));
    const untimed = { ...dataset, dialogues: dataset.dialogues!.map((one) => ({ ...one, time: NaN })) };
    expect(defaultConversationSplit(untimed)).toBe("dialogue-ratio");
    expect(() => makeSplit(untimed, "dialogue-time")).toThrow(/needs the times/);
    const split = makeSplit(untimed, "dialogue-ratio", { test: 0.3 });
    expect([1, 2, 3].map((part) => split.dialogues!.filter((one) => one === part).length)).toEqual([6, 1, 3]);
    const file = join(folderOf({}), "split.parquet");
    await writeSplit(file, untimed, split);
    expect(await readSplit(file, untimed)).toEqual(split);
  });
});

function evaluate(
  protocol: ReturnType<typeof protocolOf>,
  answer: (one: ConversationCase) => number[] | AnsweredList,
  ks = [1, 2],
) {
  const answerAll = (cases: readonly ConversationCase[]): Promise<ConversationAnswers> => {
    const answers = cases.map(answer);
    return Promise.resolve(
      Array.isArray(answers[0])
        ? Float32Array.from((answers as number[][]).flat())
        : (answers as AnsweredList[]),
    );
  };
  return evaluateConversation(protocol, ks, answerAll, context);
}

describe("evaluateConversation", () => {
  const protocol = protocolOf(["R 2"], ["R 0"], TEST);

  it("gives the figures worked out by hand", async () => {
    // Order for every turn: 4 (no candidate), 1, 0, 3, 2.
    const { cases, values, lists } = await evaluate(protocol, () => [3, 4, 1, 2, 5]);
    expect(cases).toEqual(["d2#1 up", "d2#3 up", "d2#3 jaws", "d2#3 heat"]);
    // Turn 1 names 0: new ranks 1, 3, 2. Turn 3 names 0, 1, 2: new ranks 3 alone.
    expect([...values["recall@1/new"]]).toEqual([1, NaN, 1, NaN]);
    expect([...values["recall@1/mentioned-kept"]]).toEqual([1, NaN, 0, NaN]);
    expect([...values["recall@2/repeated"]]).toEqual([NaN, 1, NaN, 1]);
    expect([...values["mrr@2/repeated"]]).toEqual([NaN, 1, NaN, 1 / 2]);
    expect([...values["recall@2/all"]]).toEqual([1, 1, 0, 1]);
    expect(values["ndcg@2/all"][3]).toBeCloseTo(1 / Math.log2(3), 12);
    expect([...lists.new.items]).toEqual([1, 3, -1, -1, 3, -1, -1, -1]);
    expect(values).not.toHaveProperty("recall@1/outside-kept");
  });

  it("counts equal scores by their expected rank", async () => {
    const { values } = await evaluate(protocol, () => [0, 0, 0, 0, 0]);
    expect([...values["recall@1/new"]]).toEqual([1 / 3, NaN, 1, NaN]);
    expect(values["recall@1/all"][0]).toBe(1 / 4);
  });

  it("takes lists in words: outside answers are dropped or hold their place, repeats are no hit", async () => {
    const answered = (words: [string, string, number][]): AnsweredList => ({
      texts: words.map(([text]) => text),
      titles: words.map(([, title]) => title),
      items: Int32Array.from(words, ([, , item]) => item),
    });
    const { values } = await evaluate(
      protocol,
      ({ turn }) =>
        turn === 1
          ? answered([
              ["1. Her", "Her", 4],
              ["2. Heat (1995)", "Heat", 0],
              ["3. Upp", "Up", 1],
            ])
          : answered([
              ["Solaris", "", -1],
              ["Alien", "Alien", 2],
              ["Jaws", "Jaws", 3],
              ["Up", "Up", 1],
            ]),
      [1, 2, 3],
    );
    expect([...values["recall@1/new"]]).toEqual([1, NaN, 1, NaN]);
    expect([...values["recall@1/mentioned-kept"]]).toEqual([0, NaN, 0, NaN]);
    expect([...values["mrr@3/outside-kept"]]).toEqual([1 / 2, NaN, 1 / 2, NaN]);
    expect([...values["recall@3/repeated"]]).toEqual([NaN, 1, NaN, 0]);
    // By RTA's rule "Up" is found in "Her" already: edit distance 3 is too far, "Upp" is near.
    expect([...values["rta-mrr@3"]]).toEqual([1 / 3, 0, 1 / 3, 0]);
    // By title: Heat and Her were named before turn 1; before turn 3 Up and Heat were, so they are no targets.
    expect([...values["title-recall@1"]]).toEqual([1, NaN, 1, NaN]);
  });

  it("refuses a score that is not finite and a block of a wrong size", async () => {
    await expect(evaluate(protocol, () => [0, NaN, 0, 0, 0])).rejects.toThrow(
      /item 1 in case test, d2#1 is NaN/,
    );
    await expect(evaluate(protocol, () => [0])).rejects.toThrow(/answered 2 values for 2 turns/);
  });

  it("says under the table who was told how many dialogues cut", () => {
    const dataset = datasetOf(["R 2"], ["R 0"], TEST);
    const split = makeSplit(dataset, "dialogue-time", { validation: 1 / 3, test: 1 / 3 });
    const prepared = prepareConversation(dataset, split, [1]);
    const row = (recommender: string, mean?: number) => ({
      recommender,
      metrics: { "recall@1/new": { mean: 0 }, ...(mean !== undefined && { "dialogues-cut": { mean } }) },
    });
    expect(prepared.remarks!([row("popularity"), row("rta-sum", 0)])).toEqual([]);
    expect(
      prepared.remarks!([row("popularity"), row("rta-sum", 1), row("rta-dense", 2), row("rta", 1)]),
    ).toEqual([
      "Dialogues longer than the language model takes, which it is told cut on the left, in 2 turns: 1 (rta-sum, rta); 2 (rta-dense).",
    ]);
  });

  it("measures how the lists spread, against how often each item was right", async () => {
    const dataset = datasetOf(["R 2"], ["R 0"], TEST);
    const split = makeSplit(dataset, "dialogue-time", { validation: 1 / 3, test: 1 / 3 });
    const prepared = prepareConversation(dataset, split, [1]);
    const evaluation = await prepared.evaluate(
      (cases) => Promise.resolve(Float32Array.from(cases.flatMap(() => [3, 4, 1, 2, 5]))),
      context,
    );
    // Lists 1 and 3, targets 1 and 3: no distance.
    expect(prepared.pooled(evaluation)).toMatchObject({ "popularity-tv@1/new": 0, "coverage@1/new": 0.5 });
    expect([...prepared.clusters!]).toEqual([0, 0, 0, 0]);
  });

  it("tells recall by how often the target was recommended in training, without groups that have no case", async () => {
    // Training recommends 1 three times and 2 once; the test recommends 1, 3 (never seen), and 3 again, named by then.
    const dataset = datasetOf(["R 1", "R 1"], ["R 1 2"], ["R 0"], ["S", "R 1", "S", "R 3", "S", "R 3"]);
    const split = makeSplit(dataset, "dialogue-time", { validation: 1 / 4, test: 1 / 4 });
    const prepared = prepareConversation(dataset, split, [1, 2, 3]);
    const evaluation = await prepared.evaluate(
      (cases) => Promise.resolve(Float32Array.from(cases.flatMap(() => [3, 4, 1, 2, 5]))),
      context,
    );
    const { values } = evaluation;
    // Of 4 recommendations item 2 holds the first, item 1 the others: middle 2.5 of 4, the seventh tenth.
    const groups = Object.keys(values).filter((name) => /\/(cold|decile)/.test(name));
    expect(groups).toEqual(["recall@2/cold", "recall@2/decile-7"]);
    // Ranked 1, 0, 3, 2; then without 1: 0, 3, 2.
    expect([...values["recall@2/decile-7"]]).toEqual([1, NaN, NaN]);
    expect([...values["recall@2/cold"]]).toEqual([NaN, 1, NaN]);
    // Lists of two: 1 and 0, then 0 and 3, for the two cases of new; 0 and 3 are cold, and so is nothing else listed.
    const shares = Object.entries(prepared.pooled(evaluation)).filter(([name]) =>
      name.startsWith("popularity-share"),
    );
    expect(shares).toEqual([
      ["popularity-share@2/cold", 3 / 4],
      ["popularity-share@2/decile-2", 0],
      ["popularity-share@2/decile-7", 1 / 4],
    ]);
    const twice = prepared.pooledStatistic!("popularity-share@2/cold", evaluation);
    expect(twice!(Float64Array.of(0, 1, 1))).toBe(1);
    expect(prepared.mainMetrics.filter((name) => /cold|decile/.test(name))).toEqual([]);
  });
});

const inspired = join(process.env.LLMREC_SHARED_DATA ?? join(packageRoot(), "../shared/data"), "inspired");

it.skipIf(!existsSync(inspired))("asks INSPIRED's test turns as the published evaluation does", async () => {
  const dataset = await openDataset("inspired", { cache: "nowhere", data: inspired });
  const { turns, cases, training } = conversationProtocol(dataset, makeSplit(dataset, "published"));
  expect([turns.length, cases.length, training.candidates.length]).toEqual([228, 253, 1123]);
  expect(cases.filter(({ repeated }) => !repeated)).toHaveLength(212);
});
