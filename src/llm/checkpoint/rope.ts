import { ProviderError } from "../../core/errors.js";

/** How the rotary embedding's frequencies are stretched beyond the context that a model was trained on. */
export type RopeScaling =
  | { readonly type: "default" }
  | { readonly type: "linear"; readonly factor: number }
  | { readonly type: "dynamic"; readonly factor: number }
  | {
      readonly type: "llama3";
      readonly factor: number;
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      readonly originalContext: number;
    };

export interface Rope {
  readonly theta: number;
  readonly scaling: RopeScaling;
}

const SUPPORTED = ["default", "linear", "dynamic", "llama3"];

/**
 * Reads `rope_theta` and `rope_scaling`, or the newer `rope_parameters` that holds both.
 * @throws ProviderError for a scaling other than default, linear, dynamic and llama3.
 */
export function parseRope(config: Readonly<Record<string, unknown>>, file: string): Rope {
  const scaling = (config.rope_scaling ?? config.rope_parameters ?? {}) as Record<string, unknown>;
  const theta = (config.rope_theta ?? scaling.rope_theta ?? 10_000) as number;
  const type = (scaling.rope_type ?? scaling.type ?? "default") as string;
  const number = (key: string): number => {
    const value = scaling[key];
    if (typeof value !== "number") {
      throw new ProviderError("BAD_CHECKPOINT", `rope scaling "${type}" lacks the number ${key}`, { file });
    }
    return value;
  };
  switch (type) {
    case "default":
      return { theta, scaling: { type } };
    case "linear":
    case "dynamic":
      return { theta, scaling: { type, factor: number("factor") } };
    case "llama3":
      return {
        theta,
        scaling: {
          type,
          factor: number("factor"),
          lowFrequencyFactor: number("low_freq_factor"),
          highFrequencyFactor: number("high_freq_factor"),
          originalContext: number("original_max_position_embeddings"),
        },
      };
    default:
      throw new ProviderError("UNSUPPORTED_ROPE", `the rope scaling "${type}" isn't supported`, {
        file,
        hint: `Supported: ${SUPPORTED.join(", ")}.`,
      });
  }
}

/**
 * Frequencies of the rotary embedding, one for each pair of a head's dimensions: theta^(-2j / headDim), scaled.
 *
 * - linear: divided by the factor (Chen et al. 2023);
 * - llama3: wavelengths above the original context / low factor are divided by the factor, those below original / high factor are left,
 *   between them a linear mix (Llama 3.1);
 * - dynamic: within the context that the model was trained on nothing changes; longer prompts aren't offered.
 *
 * Each step is rounded to float32, as PyTorch computes it.
 */
export function ropeFrequencies(rope: Rope, headDim: number): Float32Array {
  const frequencies = Float32Array.from({ length: headDim / 2 }, (_, j) =>
    Math.fround(1 / Math.fround(rope.theta ** Math.fround((2 * j) / headDim))),
  );
  const { scaling } = rope;
  if (scaling.type === "linear") return frequencies.map((f) => f / scaling.factor);
  if (scaling.type !== "llama3") return frequencies;
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContext } = scaling;
  return frequencies.map((f) => {
    const wavelength = (2 * Math.PI) / f;
    if (wavelength < originalContext / high) return f;
    if (wavelength > originalContext / low) return f / factor;
    const smooth = (originalContext / wavelength - low) / (high - low);
    return ((1 - smooth) * f) / factor + smooth * f;
  });
}

/** The cosines and sines of every position: each `[positions, headDim / 2]`. */
export function ropeTables(
  rope: Rope,
  headDim: number,
  positions: number,
): { cos: Float32Array; sin: Float32Array } {
  const frequencies = ropeFrequencies(rope, headDim);
  const half = frequencies.length;
  const cos = new Float32Array(positions * half);
  const sin = new Float32Array(positions * half);
  for (let p = 0; p < positions; p++) {
    for (let j = 0; j < half; j++) {
      const angle = Math.fround(p * frequencies[j]);
      cos[p * half + j] = Math.cos(angle);
      sin[p * half + j] = Math.sin(angle);
    }
  }
  return { cos, sin };
}
