import { describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import { auc } from "../../../src/metrics/ctr/auc.js";
import { inWords } from "../../../src/methods/explainctr/attribution.js";
import { citedItem, distinct, faithfulness } from "../../../src/methods/explainctr/faithfulness.js";
import { statesVerdict, withoutVerdict } from "../../../src/methods/explainctr/verdict-words.js";
import { trainWordJudge } from "../../../src/methods/explainctr/word-judge.js";
import { ratings } from "./support.js";

const { items } = ratings(4, 6, 3);
const one = { user: 0, item: 0, liked: Int32Array.of(1, 2), disliked: Int32Array.of(3) };

describe("verdict words", () => {
  it.each([
    [
      'The user will like this eerie Drama film: it is like "B", and the user enjoys eerie films.',
      'The user this eerie Drama film: it is like "B", and the user eerie films.',
    ],
    ["The user will not like it.", "The user it."],
    ["The user avoids bleak films such as this.", "The user bleak films such as this."],
    ["No, won't like: dislikes it.", ",: it."],
    ["It is like A.", "It is like A."],
    ["Notable nonsense in Lovell.", "Notable nonsense in Lovell."],
  ])("leave %s", (text, left) => {
    expect(withoutVerdict(text)).toBe(left);
  });

  it("are the answer said outright only where they name it", () => {
    expect(
      ["The user will not like it.", "Yes: eerie.", "He would probably enjoy it."].map(statesVerdict),
    ).toEqual([true, true, true]);
    expect(["It is like A, and the user enjoys B.", "Notable."].map(statesVerdict)).toEqual([false, false]);
  });
});

describe("the second judge", () => {
  it("learns which words go with likes, and gives words that it doesn't know a place between", () => {
    const random = Random.fromSeed(4);
    const draw = (count: number) => {
      const labels = Array.from({ length: count }, () => (random.uniform() < 0.3 ? 1 : 0));
      const noise = ["a", "b", "c", "d"];
      const texts = labels.map((label) => {
        const told = random.uniform() < 0.8 ? label : 1 - label;
        return `${random.pick(noise)} ${told === 1 ? "warm" : "cold"} ${random.pick(noise)}`;
      });
      return { labels, texts };
    };
    const train = draw(400);
    const judge = trainWordJudge(train.texts, train.labels);
    const test = draw(400);
    // The words are right 80 % of the time: P(told | like) = .8, P(told | dislike) = .2, so AUC = .8.
    expect(auc(test.labels, judge(test.texts))).toBeGreaterThan(0.74);
    const [warm, unknown, cold] = judge(["a warm b", "zzz", "a cold b"]);
    expect(warm).toBeGreaterThan(unknown);
    expect(unknown).toBeGreaterThan(cold);
  });
});

describe("faithfulness", () => {
  it("finds the cited item among those shown, and not the target", () => {
    expect(citedItem(items, one, 'like "Title of i2"', 2)).toBe(2);
    expect(citedItem(items, one, 'like "Title of i2"', 1)).toBeUndefined();
    expect(citedItem(items, one, "as Title of i3 was", 1)).toBe(3);
    expect(citedItem(items, { ...one, liked: Int32Array.of(0) }, "Title of i0", 2)).toBeUndefined();
  });

  it("counts different words and pairs of words", () => {
    expect(distinct(["a b a", "a b"], 1)).toBeCloseTo(2 / 5, 12);
    expect(distinct(["a b a", "a b"], 2)).toBeCloseTo(2 / 3, 12);
    expect(distinct([""], 1)).toBe(0);
  });

  it("measures how much hangs on a text and on its cited item", async () => {
    const cases = [one, { ...one, item: 4 }];
    const found = await faithfulness({
      items,
      cases,
      texts: ["The user will like it, like Title of i1.", ""],
      idProbabilities: [0.9, 0.2],
      shown: 2,
      // Reads a text's length: 0.8 for the first, 0.2 for none, 0.5 for what is written anew.
      read: (_, texts) =>
        Promise.resolve(texts.map((text) => (text === "" ? 0.2 : text === "again" ? 0.5 : 0.8))),
      write: (some) => {
        expect(some.map(({ liked }) => Array.from(liked))).toEqual([[2]]);
        return Promise.resolve(["again"]);
      },
    });
    expect(found).toMatchObject({
      "explanation-words": 4.5,
      "empty-explanations": 0.5,
      "states-verdict": 0.5,
      "cites-history": 0.5,
      "id-agreement": 1,
    });
    expect(found["swap-change"]).toBeCloseTo(0.6, 12);
    expect(found["uncite-change"]).toBeCloseTo(0.3, 12);
  });
});

describe("an attribution in words", () => {
  it("begins with the largest part and ends in the verdict's direction", () => {
    expect(inWords("A", { item: 0.1, user: -2, both: 1, probability: 0.4 })).toBe(
      "The user will not like it: the user likes fewer films than most, the user and the film suit each other better than that, A is liked more than most.",
    );
  });
});
