import type { numpy as np } from "@jax-js/jax";
import type { Random } from "../../core/random.js";
import type { Tensor } from "../../engine/run/tensor.js";
import type { Arrays, Parameters } from "../ctr/model.js";

/** What every model sees and none changes. */
export interface Tables {
  /** The backbone's users [users, d]. */
  readonly users: np.Array;
  /** The backbone's items [items, d]; zeros for cold ones. */
  readonly items: np.Array;
  /** Content vectors [items, c]. */
  readonly content: np.Array;
  /** 1 for an item with training pairs, 0 for a cold one [items, 1]. */
  readonly warm: np.Array;
}

/** d and c of {@link Tables}. */
export interface Widths {
  readonly factors: number;
  readonly content: number;
}

/**
 * What is special about one model that gives cold items embeddings by their content. Everything else (the backbone, the
 * content, batches, validation) is the same for all.
 */
export interface ContentModel<O> {
  /** What an example is: a warm item, or a training pair with a negative item. */
  readonly examples: "items" | "pairs";
  /** First values of what is trained. */
  parameters(widths: Widths, options: O, random: Random): Parameters;
  /** Further inputs of a training step of `count` examples, such as dropout masks. */
  extras?(count: number, options: O, random: Random): Readonly<Record<string, Tensor>>;
  /**
   * The loss of a batch: int32 `item` [n], or `user`, `positive` and `negative` [n], and the extras.
   */
  loss(parameters: Arrays, batch: Arrays, tables: Tables, options: O): np.Array;
  /** Embeddings of all users and items, whose inner products are the scores. */
  embed(parameters: Arrays, tables: Tables, options: O): { users: np.Array; items: np.Array };
}
