import type { numpy as np } from "@jax-js/jax";
import type { Random } from "../../core/random.js";
import type { Tensor } from "../../engine/run/tensor.js";

/** Embedded items [B, L, d] and which of them count [B, L]: 1 an item, 0 padding. */
export interface EmbeddedList {
  readonly items: np.Array;
  readonly mask: np.Array;
}

/** What a model gets of a batch of B pairs. Each part is made only where the model asks for it. */
export interface ModelInput {
  /** Embeddings of the fields [B, F, d]: user, item, attributes, then genres and a text's vector where there are some. */
  fields(): np.Array;
  /** First-order term [B]: a weight of each field's value, and a bias. */
  linear(): np.Array;
  /** The target item's embedding [B, d] and the history's, newest first. Only where `uses.history` says so. */
  history(): { readonly target: np.Array; readonly liked: EmbeddedList; readonly disliked: EmbeddedList };
  /** x times mask number n of {@link CtrModel.dropouts}: in training some entries are 0, the others scaled up. */
  dropout(n: number, x: np.Array): np.Array;
}

/** Sizes of the input. */
export interface ModelShape {
  /** F. */
  readonly fields: number;
  /** d. */
  readonly width: number;
}

export type Parameters = Readonly<Record<string, Tensor>>;
export type Arrays = Readonly<Record<string, np.Array>>;

/** What is special about one click-through model: what it does with the embedded fields. */
export interface CtrModel<O> {
  readonly uses: { readonly embeddings: boolean; readonly linear: boolean; readonly history: boolean };
  /** Its own parameters, beyond embeddings and first-order weights, with their first values. */
  parameters(shape: ModelShape, options: O, random: Random): Parameters;
  /** Widths of the layer inputs that dropout applies to. */
  dropouts(shape: ModelShape, options: O): readonly number[];
  /** The logit of a like [B]. */
  logit(parameters: Arrays, input: ModelInput, options: O): np.Array;
}
