import type { Csr } from "../../data/csr.js";

/** What a pairwise model learns from. `ColdStartTraining` is one; a method gives its own to learn from simulated pairs, too. */
export interface PairwiseData {
  /** Positive pairs [users, items]: real ones and, where a method has made some, simulated ones. */
  readonly matrix: Csr;
  /** Real validation pairs of warm and of cold items. Training stops early by them; with none it runs all epochs. */
  readonly validation: { readonly warm: Csr; readonly cold: Csr };
  /** Pairs that validation doesn't rank: the real training pairs. Default: `matrix`. */
  readonly known?: Csr;
}
