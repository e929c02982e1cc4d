import { describe, expect, it } from "vitest";
import { decodeSafetensors, encodeSafetensors } from "../../src/core/safetensors.js";

const tensors = {
  weights: { shape: [2, 3], data: Float32Array.of(1, -2, 0.5, 4, 5, 6) },
  ids: { shape: [2], data: Int32Array.of(7, -1) },
};

describe("safetensors", () => {
  it("comes back unchanged", () => {
    expect(decodeSafetensors(encodeSafetensors(tensors, { by: "test" }), "x")).toEqual(tensors);
  });

  it("aligns the data to eight bytes, as other readers expect", () => {
    const bytes = encodeSafetensors(tensors);
    expect(Number(bytes.readBigUInt64LE(0)) % 8).toBe(0);
  });

  it("names the file and what is wrong with it", () => {
    const bytes = encodeSafetensors(tensors);
    expect(() => decodeSafetensors(bytes.subarray(0, 5), "x")).toThrow(/shorter than/);
    expect(() => decodeSafetensors(bytes.subarray(0, bytes.length - 4), "x")).toThrow(
      /tensor ids runs past the end/,
    );
    const renamed = Buffer.from(bytes.toString("latin1").replace("F32", "F99"), "latin1");
    expect(() => decodeSafetensors(renamed, "x")).toThrow(/tensor weights has type F99/);
  });
});
