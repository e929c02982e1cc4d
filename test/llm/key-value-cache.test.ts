import { expect, it } from "vitest";
import { cacheSizes, KeyValueCache } from "../../src/llm/local/key-value-cache.js";

it("reads heads and width of a graph's inputs, and says which input leaves them open", () => {
  const name = "past_key_values.0.key";
  expect(cacheSizes([{ name, shape: ["batch_size", 3, "past_sequence_length", 8] }])).toEqual(
    new Map([[name, [3, 8]]]),
  );
  expect(() => cacheSizes([{ name, shape: ["batch_size", "num_heads", "past", 8] }])).toThrow(
    `its graph's input ${name} is [batch_size, num_heads, past, 8], without fixed heads and width`,
  );
});

it("appends a token of each row in place, after what is there", () => {
  // Two rows, one head, two tokens of width 2.
  const data = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  const before = KeyValueCache.from(new Map([["keys", { data, dims: [2, 1, 2, 2] }]]), 1);
  const after = before.append(() => Float32Array.of(10, 11, 20, 21));
  expect(after.length).toBe(3);
  const [[, layer]] = [...after.entries()];
  expect(layer.dims).toEqual([2, 1, 3, 2]);
  expect([...layer.data]).toEqual([1, 2, 3, 4, 10, 11, 5, 6, 7, 8, 20, 21]);
  const [[, second]] = [...after.select([1]).entries()];
  expect([...second.data]).toEqual([5, 6, 7, 8, 20, 21]);
});
