import { describe, expect, it } from "vitest";
import { parseRope, ropeFrequencies, ropeTables } from "../../../src/llm/checkpoint/rope.js";

const LLAMA3 = {
  rope_theta: 500_000,
  rope_scaling: {
    rope_type: "llama3",
    factor: 8,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 8192,
  },
};

describe("rotary frequencies", () => {
  it("of Llama 3.1 equal those of PyTorch transformers", () => {
    const found = ropeFrequencies(parseRope(LLAMA3, "config.json"), 128);
    // ROPE_INIT_FUNCTIONS["llama3"](LlamaConfig(head_dim=128, rope_parameters={...above, "rope_theta": 500000.0}), "cpu")[0][[0, 1, 20, 29, 32, 35, 40, 63]]
    const golden = [
      1, 0.8146172165870667, 0.016560440883040428, 0.0021665706299245358, 0.0005248460220173001,
      9.556212171446532e-5, 3.428102354519069e-5, 3.068925877869333e-7,
    ];
    [0, 1, 20, 29, 32, 35, 40, 63].forEach((index, i) => {
      expect(found[index] / golden[i]).toBeCloseTo(1, 5);
    });
  });

  it("are divided by the factor when scaled linearly, and untouched within the context when dynamic", () => {
    const plain = ropeFrequencies(parseRope({}, "f"), 16);
    const linear = ropeFrequencies(parseRope({ rope_scaling: { type: "linear", factor: 4 } }, "f"), 16);
    const dynamic = ropeFrequencies(parseRope({ rope_scaling: { type: "dynamic", factor: 4 } }, "f"), 16);
    expect(linear).toEqual(plain.map((f) => f / 4));
    expect(dynamic).toEqual(plain);
  });

  it("make tables of one row a position", () => {
    const { cos, sin } = ropeTables(parseRope({ rope_theta: 100 }, "f"), 4, 3);
    expect([...cos].map((v) => v.toFixed(5))).toEqual(
      [1, 1, Math.cos(1), Math.cos(0.1), Math.cos(2), Math.cos(0.2)].map((v) => v.toFixed(5)),
    );
    expect(sin[2]).toBeCloseTo(Math.sin(1), 6);
  });

  it("refuse other scalings and lacking numbers", () => {
    expect(() => parseRope({ rope_scaling: { rope_type: "yarn" } }, "f")).toThrow(
      'the rope scaling "yarn" isn\'t supported',
    );
    expect(() => parseRope({ rope_scaling: { type: "linear" } }, "f")).toThrow("lacks the number factor");
  });
});
