import type { numpy as np } from "@jax-js/jax";
import type { Random } from "../../core/random.js";
import type { Csr } from "../../data/csr.js";
import type { Float32Tensor, Int32Tensor } from "../../engine/run/tensor.js";
import type { Arrays, Parameters } from "../ctr/model.js";
import type { PairSampler } from "../sampling/negatives.js";

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

/** The tables as tensors. */
export type TableTensors = { readonly [Name in keyof Tables]: Float32Tensor };

/** What examples are drawn from. */
export interface Source {
  /** Training pairs [users, items], and their negatives. */
  readonly sampler: PairSampler;
  /** The same by item: `users` are items and `items` users, so a negative is a user without the item. */
  readonly byItem: PairSampler;
  /** Training pairs by item [items, users]. */
  readonly usersOf: Csr;
  readonly matrix: Csr;
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
  /** How many examples an epoch has. */
  examples(source: Source): number;
  /** The inputs of a training step of some examples, by number. */
  batch(
    chosen: Int32Array,
    source: Source,
    options: O,
    random: Random,
  ): Readonly<Record<string, Int32Tensor | Float32Tensor>>;
  /** First values of what is trained. */
  parameters(widths: Widths, options: O, random: Random, tables: TableTensors): Parameters;
  /** The loss of a batch, a mean over its examples. */
  loss(parameters: Arrays, batch: Arrays, tables: Tables, options: O): np.Array;
  /** Embeddings of all users and items, whose inner products are the scores. */
  embed(parameters: Arrays, tables: Tables, options: O): { users: np.Array; items: np.Array };
}
