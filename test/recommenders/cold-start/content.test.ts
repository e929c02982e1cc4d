import { describe, expect, it } from "vitest";
import { itemContent, standardised } from "../../../src/recommenders/cold-start/content.js";
import { ScriptedModel } from "../../llm/scripted-model.js";
import { contextOf, matrixOf, trainingOf } from "../support.js";

const matrix = matrixOf([
  [1, 1, 0, 0, 0, 0],
  [0, 0, 1, 1, 0, 0],
]);

describe("standardised", () => {
  it("gives columns of mean 0 and variance 1, cut off at 5, and 0 for a constant", () => {
    // Column 0: 1, 3. Column 1: constant.
    expect([...standardised([1, 7, 3, 7], 2)]).toEqual([-1, 0, 1, 0]);
    const spike = standardised([...new Array<number>(99).fill(0), 1], 1);
    expect(spike[99]).toBe(5);
  });
});

describe("itemContent", () => {
  it("puts items of like text near each other, cold ones too", async () => {
    const texts = [
      "red apple",
      "red apple fruit",
      "blue sea",
      "blue sea water",
      "apple fruit red",
      "sea blue water",
    ];
    const { content } = await itemContent(
      trainingOf(matrix, texts),
      { content: "words", contentSize: 3 },
      contextOf("x"),
    );
    const row = (item: number) => content.data.subarray(item * content.size, (item + 1) * content.size);
    const distance = (a: number, b: number) =>
      row(a).reduce((sum, value, k) => sum + (value - row(b)[k]) ** 2, 0);
    expect(content.size).toBe(3);
    expect(distance(4, 1)).toBeLessThan(distance(4, 3));
    expect(distance(5, 3)).toBeLessThan(distance(5, 1));
    for (let k = 0; k < 3; k++) {
      const column = texts.map((_, item) => row(item)[k]);
      expect(column.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 5);
      expect(column.reduce((sum, value) => sum + value ** 2, 0) / 6).toBeCloseTo(1, 5);
    }
  });

  it("is shorter where the texts have fewer dimensions, and refuses items without text", async () => {
    const train = trainingOf(matrix, ["a b", "a b", "a b", "c d", "c d", ""]);
    const { content } = await itemContent(train, { content: "words", contentSize: 5 }, contextOf("x"));
    expect(content.size).toBe(2);
    await expect(
      itemContent(trainingOf(matrix), { content: "words", contentSize: 5 }, contextOf("x")),
    ).rejects.toMatchObject({
      code: "NO_TEXT",
      exit: 3,
    });
  });

  it("can be the language model's own view of titles, 0 for an item without words", async () => {
    const train = trainingOf(matrix, ["ab", "b", "abb", "", "bbb", "a"]);
    const count = (text: string, letter: string) => text.split(letter).length - 1;
    const model = new ScriptedModel({ vector: (text) => [count(text, "a"), count(text, "b")] });
    const context = { ...contextOf("x"), llm: () => Promise.resolve(model) };
    const { content } = await itemContent(train, { content: "llm", contentSize: 5 }, context);
    expect(content.size).toBe(2);
    // Of the five texts: a 1, 0, 1, 0, 1; b 1, 1, 2, 3, 0, mean 1.4, variance 1.04.
    const column = (k: number) => Array.from({ length: 6 }, (_, item) => content.data[2 * item + k]);
    [0.8165, -1.2247, 0.8165, 0, -1.2247, 0.8165].forEach((value, item) => {
      expect(column(0)[item]).toBeCloseTo(value, 4);
    });
    [1, 1, 2, null, 3, 0].forEach((b, item) => {
      expect(column(1)[item]).toBeCloseTo(b === null ? 0 : (b - 1.4) / Math.sqrt(1.04), 4);
    });
    await itemContent(train, { content: "llm", contentSize: 5 }, context);
    expect(context.cost.total.llmCalls).toBe(5);
  });
});
