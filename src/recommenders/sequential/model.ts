import type { numpy as np } from "@jax-js/jax";
import type { Random } from "../../core/random.js";
import type { Tensor } from "../../engine/run/tensor.js";

export type Parameters = Readonly<Record<string, Tensor>>;
export type Arrays = Readonly<Record<string, np.Array>>;

/** What a model gets of a batch of B histories, each L places long. */
export interface SequenceInput {
  /** Embeddings of the items [B, L, d], oldest first, then padding (zeros). */
  readonly items: np.Array;
  /** [B, L]: 1 an item, 0 padding. */
  readonly known: np.Array;
  /** int32 [B, Q]: where the states are that are asked for, each the last item before a target. */
  readonly places: np.Array;
  /** Embeddings of the users [B, d]; only where `usesUser`. */
  user(): np.Array;
  /** x times mask number n of {@link SequenceModel.dropouts}: in training some entries are 0, the others scaled up. */
  dropout(n: number, x: np.Array): np.Array;
}

/** Sizes of the input. */
export interface SequenceShape {
  /** L. */
  readonly length: number;
  /** Q. */
  readonly queries: number;
  /** d. */
  readonly width: number;
}

/** What is special about one sequence model: how a history becomes a vector. */
export interface SequenceModel<O> {
  /** Whether users have embeddings of their own. */
  readonly usesUser: boolean;
  /** Where a short history's padding goes. */
  readonly padding: "after" | "before";
  /** Whether Q > 1 is possible: the state at a place must depend on nothing behind it. */
  readonly isCausal: boolean;
  /** L: the most items that it looks at, of histories at most `longest` long. */
  length(options: O, longest: number): number;
  /** Standard deviation of the first embeddings in a table of so many rows. */
  deviation(rows: number, options: O): number;
  /** Its own parameters, beyond the tables `items` and `users`, with their first values. */
  parameters(shape: SequenceShape, options: O, random: Random): Parameters;
  /** Shapes, without B, of what dropout applies to. */
  dropouts(shape: SequenceShape, options: O): readonly (readonly number[])[];
  /** The vectors of the histories up to each place [B, Q, d]; their inner products with the items' embeddings are their logits. */
  encode(parameters: Arrays, input: SequenceInput, options: O): np.Array;
}
