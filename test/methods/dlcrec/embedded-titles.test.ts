import { describe, expect, it } from "vitest";
import type { LanguageModel, Vectors } from "../../../src/llm/language-model.js";
import { embeddingSimilarity, titleStates } from "../../../src/methods/dlcrec/embedded-titles.js";
import { Grounder } from "../../../src/methods/dlcrec/grounding.js";
import { dlcrecOptions } from "../../../src/methods/dlcrec/options.js";
import { Pipeline } from "../../../src/methods/dlcrec/pipeline.js";
import { Prompter } from "../../../src/methods/dlcrec/prompter.js";
import { readTemplates } from "../../../src/methods/dlcrec/templates.js";
import { caseOf, GENRES, mainGenres, runContext, TITLES, training } from "./support.js";

/** A model whose states are given: a point of the plane for each text. */
function modelOf(points: Readonly<Record<string, readonly [number, number]>>): LanguageModel {
  const encode = (texts: readonly string[]): Promise<Vectors> =>
    Promise.resolve({
      ...{ rows: texts.length, width: 2 },
      data: Float32Array.from(
        texts.flatMap((text) => {
          if (!Object.hasOwn(points, text)) throw new Error(`no point for ${text}`);
          return [...points[text]];
        }),
      ),
    });
  return { encode } as unknown as LanguageModel;
}

const context = runContext("dlcrec");
const ITEMS = ["A", "B", "C"];
const model = modelOf({ A: [3, 4], B: [0, 2], C: [-6, 8], x: [0, 0], y: [0, 2], NaN: [9, 9] });

async function similarityOf(gamma: number, popularity: readonly number[] = [0, 0, 0]) {
  const items = await titleStates(model, ITEMS, context);
  return embeddingSimilarity(model, items, ["x", "y", "x"], { popularity, gamma }, context);
}

describe("grounding by embeddings", () => {
  it("takes minus the Euclidean distance", async () => {
    const similarity = await similarityOf(0);
    expect([...similarity("x")]).toEqual([-5, -2, -10]);
    expect([...similarity("y")]).toEqual([-Math.sqrt(13), -0, -Math.sqrt(72)]);
    expect(() => similarity("z")).toThrow("no state was made for the title z");
    const grounder = new Grounder(ITEMS, similarity);
    expect([...grounder.ground(["x", "C", "x"], { unique: true }).items]).toEqual([1, 2, 0]);
  });

  it("divides distances, brought to 0..1, by (1 + popularity)^gamma", async () => {
    // Of 5, 2 and 10: 3 / 8, 0 and 1.
    const plain = await similarityOf(2);
    expect([...plain("x")]).toEqual([-3 / 8, -0, -1]);
    // Popularity 1 of the third halves its 1 with gamma 1, and makes it a quarter with 2: nearer than the first then.
    const once = await similarityOf(1, [0, 0, 1]);
    expect([...once("x")]).toEqual([-3 / 8, -0, -1 / 2]);
    const twice = await similarityOf(2, [0, 0, 1]);
    expect([...twice("x")]).toEqual([-3 / 8, -0, -1 / 4]);
    const order = (similarity: typeof once) => [
      ...new Grounder(ITEMS, similarity).ground(["x"], { excluded: new Set([1]) }).items,
    ];
    expect([order(once), order(twice)]).toEqual([[0], [2]]);
  });

  it("gives the nearest of all no distance, however popular others are, and all none where all are equally far", async () => {
    const huge = await similarityOf(50, [1, 0, 1]);
    expect(new Grounder(ITEMS, huge).ground(["x"]).items[0]).toBe(1);
    const level = modelOf({ P: [0, 1], Q: [1, 0], o: [0, 0] });
    const items = await titleStates(level, ["P", "Q"], context);
    const similarity = await embeddingSimilarity(
      level,
      items,
      ["o"],
      { popularity: [0, 1], gamma: 1 },
      context,
    );
    expect([...similarity("o")]).toEqual([-0, -0]);
  });

  it("has a state for a title without words", async () => {
    const { data } = await titleStates(model, ["A", " "], context);
    expect([...data]).toEqual([3, 4, 9, 9]);
  });
});

describe("a pipeline that grounds by embeddings", () => {
  it("weighs by how often each film is liked in training, the most liked one being 1", async () => {
    // Likes in training: even films 0, 2, ... and odd ones in turn; film n lies at (n, 0), so "Far" is nearest to Lip, then Key.
    const points = Object.fromEntries(TITLES.map((title, n) => [title, [n, 0] as const]));
    const states = modelOf({ ...points, Far: [12, 0] });
    const train = training();
    const likes = new Float64Array(TITLES.length);
    for (const { items } of train.sequences) for (const item of items) likes[item]++;
    const most = Math.max(...likes);
    for (const gamma of [0, 3]) {
      const options = dlcrecOptions.parse({ grounding: { exclude: true, popularity: gamma } });
      const names = { titles: TITLES, genres: GENRES, mainGenres };
      const pipeline = new Pipeline(train, options, new Prompter(await readTemplates("trail"), names));
      // Lip is of the history: the nearest of the others is taken.
      const { history, seen } = caseOf(2, [0, 1, 11]);
      const { lists } = await pipeline.ground(
        [{ history, seen, length: 1, count: 2 }],
        [[{ title: "Far", genre: "" }]],
        runContext("dlcrec", { llm: () => Promise.resolve(states) }),
      );
      const cost = (item: number) => (11 - item) / 11 / (1 + likes[item] / most) ** gamma;
      const open = TITLES.map((_, item) => item).filter((item) => ![0, 1, 11].includes(item));
      const best = open.reduce((a, b) => (cost(b) < cost(a) ? b : a));
      expect([...lists[0]]).toEqual([best]);
    }
  });
});
