/**
 * The generative truth of the embedded world (docs/world.md). Only controls (the oracles) may read it.
 * Filled in by the world's generator.
 */
export interface WorldTruth {
  /** The true utility u_ui of an item for a user, noise term included: what an all-knowing recommender ranks by. */
  utility(user: number, item: number): number;
}
