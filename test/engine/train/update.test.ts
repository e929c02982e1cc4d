import { readFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { Random } from "../../../src/core/random.js";
import { UPDATE_SOURCE } from "../../../src/engine/generated/update-wasm.js";
import { TrainingMemory } from "../../../src/engine/train/memory.js";
import { adamW, type Optimizer, sgd } from "../../../src/engine/train/optimizer.js";

test("the compiled passes are those of the source", async () => {
  const source = await readFile(new URL("../../../src/engine/train/update.wat", import.meta.url));
  const hash = createHash("sha256").update(source).digest("hex");
  expect(UPDATE_SOURCE, "update.wat has changed: compile it again (src/engine/generated/README.md)").toBe(
    hash,
  );
});

test("more than a WebAssembly memory holds is refused with an estimate", () => {
  expect(() => new TrainingMemory([2e9])).toThrow(/take 8\.0 GB; 4\.3 GB is the most/);
});

describe("a pass over any length touches its numbers alone, and four at a time give what one at a time does", () => {
  const run = (optimizer: Optimizer, count: number, oneByOne: boolean) => {
    const random = Random.fromSeed("update");
    const lengths = Array.from({ length: 2 + optimizer.slots.length }, () => 32);
    const memory = new TrainingMemory(lengths);
    const [w, g, ...slots] = lengths.map((length) => memory.allocate(length));
    for (const { data } of [w, g, ...slots]) data.set(random.normals(32).map(Math.abs));
    const steps = oneByOne ? Array.from({ length: count }, (_, i) => [i, 1]) : [[0, count]];
    for (const [first, length] of steps) {
      optimizer.update(
        memory.kernels,
        {
          parameter: w.address + 4 * first,
          gradient: g.address + 4 * first,
          slots: Object.fromEntries(optimizer.slots.map((slot, i) => [slot, slots[i].address + 4 * first])),
          count: length,
        },
        { step: 3, learningRate: 0.1, scale: 0.5, decays: true },
      );
    }
    const sum = memory.kernels.sum_squares(g.address, count);
    return { arrays: [w, ...slots].map(({ data }) => Array.from(data)), gradient: Array.from(g.data), sum };
  };
  test.each([
    ["sgd", sgd({ learningRate: 0.1, weightDecay: 0.1 })],
    ["momentum", sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 0.1 })],
    ["adamw", adamW({ learningRate: 0.1, weightDecay: 0.1 })],
  ])("%s", (_name, optimizer) => {
    const untouched = run(optimizer, 0, false).arrays;
    for (const count of [1, 3, 4, 7, 16, 19]) {
      const four = run(optimizer, count, false);
      expect(four.arrays).toEqual(run(optimizer, count, true).arrays);
      four.arrays.forEach((array, i) => {
        expect(array.slice(count)).toEqual(untouched[i].slice(count));
        expect(array.slice(0, count).every((x, k) => x !== untouched[i][k])).toBe(true);
      });
      const expected = four.gradient.slice(0, count).reduce((total, x) => total + x * x, 0);
      expect(four.sum).toBeCloseTo(expected, 12);
    }
  });
});

test("rows are added in order, more than fit at a time too, and rows wider than fit", () => {
  const random = Random.fromSeed("rows");
  for (const [rows, width, count] of [
    [7, 5, 20_000],
    [3, 64, 1000],
    [2, 40_000, 5],
  ]) {
    const memory = new TrainingMemory([rows * width]);
    const table = memory.allocate(rows * width);
    const added = random.normals(count * width);
    const index = Int32Array.from({ length: count }, () => random.int(rows));
    memory.addRows(table, width, index, added, 0.5);
    const expected = new Float32Array(rows * width);
    index.forEach((row, i) => {
      for (let d = 0; d < width; d++) expected[row * width + d] += Math.fround(0.5 * added[i * width + d]);
    });
    expect(Buffer.compare(new Uint8Array(table.data.slice().buffer), new Uint8Array(expected.buffer))).toBe(
      0,
    );
  }
});
