import { describe, expect, it } from "vitest";
import { itemContent, standardised } from "../../../src/recommenders/cold-start/content.js";
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
    const { content } = await itemContent(trainingOf(matrix, texts), { contentSize: 3 }, contextOf("x"));
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
    const { content } = await itemContent(train, { contentSize: 5 }, contextOf("x"));
    expect(content.size).toBe(2);
    await expect(itemContent(trainingOf(matrix), { contentSize: 5 }, contextOf("x"))).rejects.toMatchObject({
      code: "NO_TEXT",
      exit: 3,
    });
  });
});
