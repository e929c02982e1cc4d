import type { Csr } from "../data/csr.js";
import type { ItemTable, Interactions, UserTable } from "../data/dataset.js";

/** What a recommender may learn from on the task `cold-start`: no test interaction can be reached from here. */
export interface ColdStartTraining {
  readonly users: UserTable;
  readonly items: ItemTable;
  /** Training interactions in their original order (warm items only). */
  readonly interactions: Interactions;
  /** The same as a binary matrix [users, items]. */
  readonly matrix: Csr;
  /** 1 for each cold item: no training interaction. */
  readonly coldItems: Uint8Array;
  /** Validation pairs of warm and of cold items [users, items], for early stopping and tuning. */
  readonly validation: { readonly warm: Csr; readonly cold: Csr };
  /** Hash of the data and the split: belongs in the inputs of every stage. */
  readonly hash: string;
}

/** One test user. The recommender scores every item for it; the task masks, ranks and breaks ties. */
export interface ColdStartCase {
  readonly user: number;
}

/** Scores [cases, items], row-major. Every score is finite; equal scores are ties and are counted as such. */
export type ScoreBlock = Float32Array;

/** Pairs that a method made up for cold items: the task alone can tell how many of them came true. */
export interface SimulatedPairs {
  /** What they are: `filter`, what a judge was shown; `pairs`, what the embeddings learn from. */
  readonly stage: string;
  readonly users: Int32Array;
  readonly items: Int32Array;
  /** A judge's log P(Yes) - log P(No) of each, where one was asked. */
  readonly logOdds?: Float32Array | null;
  /** Where an approximate search proposed them: the share of the exact one's pairs that it finds. */
  readonly searchRecall?: number;
}
