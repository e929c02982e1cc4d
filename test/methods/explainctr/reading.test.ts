import { describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import { auc } from "../../../src/metrics/ctr/auc.js";
import { inWords } from "../../../src/methods/explainctr/attribution.js";
import { citedItem, distinct, faithfulness } from "../../../src/methods/explainctr/faithfulness.js";
import { peterTokens } from "../../../src/methods/explainctr/peter.js";
import { statesVerdict, withoutVerdict } from "../../../src/methods/explainctr/verdict-words.js";
import { logisticRegression } from "../../../src/methods/explainctr/stacked.js";
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
      "explanation-words": { value: 4.5, n: 2 },
      "empty-explanations": { value: 0.5, n: 2 },
      "states-verdict": { value: 0.5, n: 2 },
      "cites-history": { value: 0.5, n: 2 },
      "id-agreement": { value: 1, n: 2 },
    });
    expect(found["swap-change"].value).toBeCloseTo(0.6, 12);
    expect(found["uncite-change"].value).toBeCloseTo(0.3, 12);
    // One of the two cites an item that can be taken away.
    expect(found["uncite-change"].n).toBe(1);
  });
});

describe("PETER's tokens", () => {
  it("are words and marks, then users, then items, and come back as text", () => {
    const users = { keys: ["u0", "u1"], attributes: {} };
    const tokens = peterTokens({ users, items }, ["It is a (slow) film, it is.", "It was."]);
    const text = "It is a (slow) film, it was.";
    expect(tokens.decode(tokens.encode(text))).toBe(text);
    expect(tokens.encode("It unheard")).toEqual([tokens.encode("It")[0], 4]);
    expect(tokens.user(0)).toBe(5 + tokens.words.length);
    expect(tokens.item(5)).toBe(tokens.size - 1);
    expect(tokens.decode([tokens.user(1), tokens.item(2), 3])).toBe("");
  });
});

describe("two predictions joined", () => {
  it("are weighed as maximum likelihood does", () => {
    // Two groups with 3 of 4 and 1 of 4 likes: logits ± log 3; the third feature is constant 0.
    const features = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => [1, n < 4 ? 1 : -1, 0]);
    const weights = logisticRegression(features, [1, 1, 1, 0, 0, 0, 0, 1]);
    expect(weights[0]).toBeCloseTo(0, 6);
    expect(weights[1]).toBeCloseTo(Math.log(3), 2);
    expect(weights[2]).toBe(0);
  });
});

describe("an attribution in words", () => {
  it("begins with the largest part and ends in the verdict's direction", () => {
    expect(inWords("A", { item: 0.1, user: -2, both: 1, probability: 0.4 })).toBe(
      "The user will not like it: the user likes fewer items than most, the user and the item suit each other better than that, A is liked more than most.",
    );
  });
});
