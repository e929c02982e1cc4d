import { describe, expect, it } from "vitest";
import { numpy as np } from "@jax-js/jax";
import { Random } from "../../../src/core/random.js";
import { program } from "../../../src/engine/run/program.js";
import { float32 } from "../../../src/engine/run/tensor.js";
import { gateShare, adaptedScores } from "../../../src/methods/rta/adapt.js";
import { catalogueLists, type OwnTitles, ownTitles } from "../../../src/methods/rta/answers.js";
import { Chat, spotTitles } from "../../../src/methods/rta/chat.js";
import { readTitles } from "../../../src/methods/rta/item-encoder.js";
import {
  gateOptions,
  platformOptionsOf,
  scaleOptions,
  stageOptions,
} from "../../../src/methods/rta/options.js";
import { descriptionPrompt, dialoguePrompt, fitPrompts } from "../../../src/methods/rta/prompts.js";
import { retell } from "../../../src/methods/rta/retell.js";
import { dialoguePairs } from "../../../src/methods/rta/samples.js";
import { recallOf } from "../../../src/methods/rta/scores.js";
import { contrastiveLoss, softmaxBatch } from "../../../src/methods/rta/softmax-batch.js";
import { listedTitles, TitleMatcher } from "../../../src/methods/rta/titles.js";
import { fismOptions } from "../../../src/recommenders/dialogue/fism.js";
import { protocolOf, talk } from "../../recommenders/dialogue/talk.js";
import { contextOf } from "../../recommenders/support.js";
import { Talker } from "./talker.js";

const TITLES = ["Heat", "Up", "Alien Resurrection", "M"];
const dataset = talk(TITLES, ["S hi", "R 0"], ["S 3", "R 1"], ["S 3", "R 2"]);

describe("prompts", () => {
  it("end where a title would begin, also when nothing was said", () => {
    expect(dialoguePrompt(dataset.dialogues![0].turns)).toBe("User: hi\nSystem: 0\nRecommendations:\n1.");
    expect(dialoguePrompt([])).toBe("Recommendations:\n1.");
  });

  it("describe an item without its title, or not at all", () => {
    const items = {
      ...dataset.items,
      texts: { plot: ["A heist.", "", "Up there is Alien Resurrection", ""] },
    };
    expect([0, 1, 2].map((item) => descriptionPrompt(items, item))).toEqual([
      'A heist. Which film is it?\n"',
      undefined,
      undefined,
    ]);
  });

  it("are cut on the left where they are too long, and counted", async () => {
    const long = `User: ${"word ".repeat(30)}\nRecommendations:\n1.`;
    const fitted = await fitPrompts(new Talker(TITLES, 20), [long, "User: hi\nRecommendations:\n1."], 4);
    expect(fitted.cut).toBe(1);
    expect(fitted.prompts[0].split(" ")).toHaveLength(8);
    expect(fitted.prompts[0].endsWith("recommendations 1")).toBe(true);
    expect(fitted.prompts[1]).toBe("User: hi\nRecommendations:\n1.");
  });

  it("are refused where the answer leaves next to nothing for them", async () => {
    await expect(fitPrompts(new Talker(TITLES, 20), ["hi"], 10)).rejects.toMatchObject({
      code: "NO_ROOM_FOR_PROMPT",
      message: expect.stringMatching(/up to 10 tokens leaves 2 of the 20/) as string,
    });
    const train = protocolOf(dataset).training;
    const context = { ...contextOf("any"), llm: () => Promise.resolve(new Talker(TITLES, 1024)) };
    await expect(catalogueLists(train, protocolOf(dataset).turns, 42, context)).rejects.toMatchObject({
      code: "NO_ROOM_FOR_PROMPT",
    });
    expect(await catalogueLists(train, protocolOf(dataset).turns, 20, context)).toHaveLength(1);
  });
});

describe("tellings", () => {
  it("keep the items, the words, or put random items in their place", () => {
    const [turn] = dataset.dialogues![1].turns;
    const long = {
      ...turn,
      text: "I saw M and X",
      mentions: [
        { item: 3, start: 6, end: 7 },
        { item: -1, start: 12, end: 13 },
      ],
    };
    const told = (telling: "whole" | "items" | "words" | "random-items") =>
      retell([long], telling, "a", dataset.items)[0].text;
    expect(told("whole")).toBe(long.text);
    expect(told("items")).toBe("M, X");
    expect(told("words")).toBe("I saw a film and a film");
    expect(told("random-items")).toMatch(
      /^I saw (Heat|Up|Alien Resurrection|M) and (Heat|Up|Alien Resurrection|M)$/,
    );
    expect(told("random-items")).toBe(told("random-items"));
  });
});

describe("titles", () => {
  it("are read from a numbered list, without a last one that was cut off", () => {
    expect(listedTitles(" Heat\n2. Up\nfine\n3. Ali", true)).toEqual(["Heat", "Up", "Ali"]);
    expect(listedTitles(" Heat\n2. Up\n3. Ali", false)).toEqual(["Heat", "Up"]);
    expect(listedTitles("", true)).toEqual([]);
  });

  it("match by words or by few edits, none in short ones", () => {
    const matcher = new TitleMatcher(protocolOf(dataset).training);
    expect(
      ["heat (1995)", "Alien Resurection", "Alien Resurrections!", "Alien", "Uq", "M", "N", ""].map((t) =>
        matcher.find(t),
      ),
    ).toEqual([0, 2, 2, -1, -1, 3, -1, -1]);
  });

  it("match films with or without their year; of films of one title the one of that year, or that training names most", () => {
    const titles = ["Tin Moon (1999)", "Tin Moon (2014)", "Tin Moon", "Heat (1995)"];
    const films = talk(titles, ["S 1", "R 1 0"], ["S 3", "R 1"], ["S 3", "R 2"]);
    const matcher = new TitleMatcher(protocolOf(films).training);
    expect(
      ["Tin Moon", "tin moon (1999)", "Tin Moon (2014)", "Tin Moon (1950)", "heat"].map((t) =>
        matcher.find(t),
      ),
    ).toEqual([1, 0, 1, 1, 3]);
  });

  it("match the nearest at any distance where that is asked for, unless there are no letters", () => {
    const matcher = new TitleMatcher(protocolOf(dataset).training);
    const written = ["heat (1995)", "Alien Resurect", "Alien", "M", "?"];
    expect(written.map((title) => matcher.find(title))).toEqual([0, -1, -1, 3, -1]);
    const nearest = written.map((title) => matcher.findNearest(title));
    expect([nearest[0], nearest[1], nearest[3], nearest[4]]).toEqual([0, 2, 3, -1]);
    expect(nearest[2]).toBeGreaterThanOrEqual(0);
  });
});

describe("what the model would recommend itself", () => {
  it("is drawn, or the first titles of its written list", async () => {
    const { training } = protocolOf(
      talk(["red car", "red house", "moon"], ["S hi", "R 0"], ["S hi", "R 1"], ["S hi", "R 2"]),
    );
    const own = (options: OwnTitles) => {
      const titles = ["red car", "red house", "moon"];
      const context = { ...contextOf("any"), llm: () => Promise.resolve(new Talker(titles)) };
      return ownTitles(training, ["User: red car\nRecommendations:\n1."], options, context);
    };
    expect(await own({ labels: 2 })).toEqual([{ texts: ["red car", "red car"], items: [0, 0] }]);
    const greedy = await own({ labels: 2, decoding: "greedy" });
    expect(greedy).toEqual([{ texts: ["red car", "red house"], items: [0, 1] }]);
    expect(await own({ labels: 1, decoding: "greedy" })).toEqual([{ texts: ["red car"], items: [0] }]);
  });
});

describe("a stage's inputs", () => {
  it("name what follows the published code only where it is asked to, so that finished runs go on", () => {
    const published = ["decoding", "grounding", "removeAccidentalHits", "mask", "scaleDecay", "pretrained"];
    const { adapt, ...lessons } = scaleOptions.parse({});
    for (const options of [
      lessons,
      platformOptionsOf(adapt),
      gateOptions.omit({ pretrained: true }).parse({}),
    ])
      expect(Object.keys(stageOptions(options)).filter((name) => published.includes(name))).toEqual([]);
    expect(stageOptions({ labels: 5, mask: true })).toEqual({ labels: 5 });
    const asked = {
      labels: 5,
      decoding: "greedy",
      grounding: "nearest",
      mask: false,
      removeAccidentalHits: false,
    };
    expect(stageOptions(asked)).toEqual(asked);
  });
});

describe("pairs to learn a platform's talk from", () => {
  it("are what recommenders say in training dialogues, after the newest turns", () => {
    const said = talk(
      TITLES,
      ["R welcome", "S hi", "R 0", "S more", "R and 1"],
      ["S validation", "R 1"],
      ["S test", "R 2"],
    );
    expect(dialoguePairs(protocolOf(said).training, 2)).toEqual([
      { prompt: "System:", completion: " welcome" },
      { prompt: "System: welcome\nUser: hi\nSystem:", completion: " 0" },
      { prompt: "System: 0\nUser: more\nSystem:", completion: " and 1" },
    ]);
  });
});

describe("spotted titles", () => {
  const titles = ["Heat", "Heat Wave", "It", "M"];
  const spot = (text: string) =>
    spotTitles(text, titles, [0, 1, 2, 3]).map(({ item, start, end }) => [item, text.slice(start, end)]);

  it("are whole words, the longest of overlapping ones, short ones only in quotes", () => {
    expect(spot("I liked heat wave and Heat, it was it; reheat m")).toEqual([
      [1, "heat wave"],
      [0, "Heat"],
    ]);
    expect(spot('"It" or "M"')).toEqual([
      [2, "It"],
      [3, "M"],
    ]);
    expect(spot("")).toEqual([]);
  });

  it("are found without their year, and by it where it is said", () => {
    const films = ["Tin Moon (1999)", "Tin Moon (2014)"];
    const found = (text: string) =>
      spotTitles(text, films, [0, 1]).map(({ item, start, end }) => [item, text.slice(start, end)]);
    expect(found("I saw tin moon")).toEqual([[0, "tin moon"]]);
    expect(found("Tin Moon (2014) or Tin Moon?")).toEqual([
      [1, "Tin Moon (2014)"],
      [0, "Tin Moon"],
    ]);
  });
});

describe("a chat", () => {
  it("recommends from the catalogue at each turn and never what was named, and says what lies nearest", async () => {
    const { training } = protocolOf(dataset);
    const model = new Talker(TITLES);
    const { data, rows, width } = await model.embed(TITLES);
    const chat = new Chat(training, { embeddings: { data, rows, width }, weights: {} }, 2);
    const context = { ...contextOf("rta-gate"), llm: () => Promise.resolve(model) };
    const first = await chat.say("I saw Heat", context);
    expect(first.spotted).toEqual([0]);
    expect(first.suggestions.map(({ item }) => item)).not.toContain(0);
    expect(first.suggestions.every(({ nearest }) => nearest?.item === 0)).toBe(true);
    const second = await chat.say("something else?", context);
    const all = [0, ...[first, second].flatMap(({ suggestions }) => suggestions.map(({ item }) => item))];
    expect(new Set(all).size).toBe(4);
    expect(second.suggestions).toHaveLength(1);
  });
});

describe("contrastive loss", () => {
  it("compares a row with drawn items alone, and leaves its own out of them", async () => {
    const titles = await readTitles(new Talker(TITLES), TITLES);
    const pairs = [
      { query: 0, item: 3 },
      { query: 1, item: 1 },
    ];
    const pool = Int32Array.of(0, 1, 2, 3);
    const batch = softmaxBatch(pairs, pool, titles, { negatives: 1, size: 3 }, Random.fromSeed(1));
    const columns = Array.from(batch.item.data);
    expect(columns).toHaveLength(4);
    const logits = columns.map((item) => item + 1);
    const run = program(
      ({ x, drawn, hits, weight }: Record<"x" | "drawn" | "hits" | "weight", np.Array>) => ({
        loss: contrastiveLoss(x, { drawn, hits, weight }),
      }),
    );
    const { drawn, hits, weight } = batch;
    const { loss } = await run.run({
      x: float32([...logits, ...logits, ...logits], [3, 4]),
      drawn,
      hits,
      weight,
    });
    await run.release();
    const [wrong] = columns;
    const row = (item: number) =>
      Math.log(Math.exp(item + 1) + (item === wrong ? 0 : Math.exp(wrong + 1))) - (item + 1);
    expect(loss.data[0]).toBeCloseTo((row(3) + row(1)) / 2, 5);
  });

  it("compares a row with its own item, too, where accidental hits stay", async () => {
    const own = program(
      ({ x, drawn, hits, weight }: Record<"x" | "drawn" | "hits" | "weight", np.Array>) => ({
        removed: contrastiveLoss(x, { drawn, hits, weight }),
        kept: contrastiveLoss(x, { drawn, hits, weight }, false),
      }),
    );
    const { removed, kept } = await own.run({
      x: float32([2, 1], [1, 2]),
      drawn: float32([1, 1]),
      hits: float32([1, 0], [1, 2]),
      weight: float32([1]),
    });
    await own.release();
    expect(removed.data[0]).toBeCloseTo(Math.log(Math.exp(2) + Math.exp(1)) - 2, 5);
    expect(kept.data[0]).toBeCloseTo(Math.log(2 * Math.exp(2) + Math.exp(1)) - 2, 5);
  });
});

describe("adapted scores", () => {
  it("are (g + b)(1 + s), and a gate mixes in FISM", async () => {
    const embeddings = { rows: 2, width: 1, data: Float32Array.of(1, 2) };
    const queries = { rows: 1, width: 1, data: Float32Array.of(3) };
    const signal = new AbortController().signal;
    const [one] = protocolOf(dataset).turns;
    const both = { bias: float32([1, -1]), scale: float32([0, 1]) };
    expect([...(await adaptedScores({ embeddings, weights: both }, [one], queries, signal))]).toEqual([
      4, 10,
    ]);
    const factors = { bias: float32([1, -1]), factor: float32([1, 0.5]) };
    expect([...(await adaptedScores({ embeddings, weights: factors }, [one], queries, signal))]).toEqual([
      4, 2.5,
    ]);
    const weights = {
      gate: float32([Math.log(3)]),
      "classic.embeddings": float32([0, 0], [2, 1]),
      "classic.bias": float32([8, 4]),
    };
    expect(gateShare(weights)).toBeCloseTo(0.75);
    const gate = { id: "fism", options: fismOptions.parse({ embeddingSize: 1 }) } as const;
    const mixed = await adaptedScores(
      { embeddings, weights, gate },
      [{ ...one, mentioned: [] }],
      queries,
      signal,
    );
    expect([...mixed]).toEqual(
      [0.75 * 3 + 2, 0.75 * 6 + 1].map((value) => expect.closeTo(value, 5) as number),
    );
  });

  it("recall counts ties half", () => {
    const candidates = Int32Array.of(0, 1, 2);
    expect(recallOf(Float32Array.of(1, 2, 3), [[2, 0]], candidates, 2)).toBe(0.5);
    expect(recallOf(Float32Array.of(1, 1, 1), [[2]], candidates, 1)).toBe(0);
    expect(recallOf(Float32Array.of(1, 1, 1), [[2]], candidates, 2)).toBe(1);
    expect(recallOf(Float32Array.of(1), [[]], candidates, 2)).toBeNaN();
  });
});
