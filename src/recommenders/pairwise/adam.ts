import type { AdamStep } from "../../engine/linalg/pairwise.js";

const [BETA1, BETA2, EPSILON] = [0.9, 0.999, 1e-8];

/** One step of Adam as PyTorch's, in place: m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, w -= lr m^ / (sqrt(v^) + epsilon). */
export function adamInPlace(
  values: Float32Array,
  first: Float32Array,
  second: Float32Array,
  gradient: Float32Array,
  { step, learningRate }: AdamStep,
): void {
  const size = learningRate / (1 - BETA1 ** step);
  const root = 1 / Math.sqrt(1 - BETA2 ** step);
  for (let at = 0; at < values.length; at++) {
    const g = gradient[at];
    const m = BETA1 * first[at] + (1 - BETA1) * g;
    const v = BETA2 * second[at] + (1 - BETA2) * g * g;
    first[at] = m;
    second[at] = v;
    values[at] -= (size * m) / (Math.sqrt(v) * root + EPSILON);
  }
}
