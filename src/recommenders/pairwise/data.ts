import type { Csr } from "../../data/csr.js";
import type { ValidationData } from "../validation.js";

/**
 * What a pairwise model learns from: the positive pairs of `matrix`, stopped early by the validation pairs; with none of those
 * it runs all epochs. `ColdStartTraining` is one; a method gives its own to learn from simulated pairs, too.
 */
export interface PairwiseData extends ValidationData {
  /** The pairs to learn from, where that's not all of `matrix`. */
  readonly examples?: Csr;
}
