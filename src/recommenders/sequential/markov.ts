import { z } from "zod";
import type { ControlledListTraining } from "../../tasks/controlled-list.js";
import type { Recommender } from "../recommender.js";
import { likesOf } from "./controls.js";
import { listsOfBest, scoreRows, type SequenceQuery } from "./scorer.js";

const options = z.strictObject({
  /** How many places after an item still count as following it. */
  reach: z.int().min(1).default(10),
  /** The weight of an item of the history is this to the power of its age; 1: all weigh the same. */
  decay: z.number().positive().max(1).default(0.9),
  /** Followers that each item is taken to have in addition, spread by popularity. */
  shrink: z.number().positive().default(30),
});
type Options = z.infer<typeof options>;

/**
 * Counts of what follows what: the score of item i is the sum over the history's items j of decay^age P(i | j), with
 * P(i | j) = (n_ji + shrink p_i) / (n_j + shrink), where n_ji counts how often i came within `reach` places after j in
 * training, n_j their sum, and p_i is i's share of all likes. No training but counting, and so hard to beat on short
 * windows of few users.
 */
export const markov: Recommender<"controlled-list", Options> = {
  id: "markov",
  task: "controlled-list",
  kind: "classic",
  summary: "Markov counts: what followed the history's items within a few places.",
  options,
  seeded: false,
  fit(train, { reach, decay, shrink }) {
    const likes = likesOf(train);
    const total = likes.reduce((sum, count) => sum + count, 0);
    const followers = countFollowers(train, reach);
    const fill = ({ history }: SequenceQuery, row: Float32Array) => {
      let spread = 0;
      history.forEach((item, place) => {
        const own = followers.get(item);
        const weight = decay ** (history.length - 1 - place) / ((own?.total ?? 0) + shrink);
        spread += weight * shrink;
        own?.counts.forEach((count, next) => (row[next] += weight * count));
      });
      for (let item = 0; item < row.length; item++) row[item] += (spread * likes[item]) / total;
    };
    const items = train.items.keys.length;
    return Promise.resolve(listsOfBest(items, scoreRows(items, fill)));
  },
};

interface Followers {
  readonly counts: Map<number, number>;
  total: number;
}

function countFollowers({ sequences }: ControlledListTraining, reach: number): Map<number, Followers> {
  const followers = new Map<number, Followers>();
  for (const { items } of sequences) {
    items.forEach((item, place) => {
      let own = followers.get(item);
      if (own === undefined) followers.set(item, (own = { counts: new Map(), total: 0 }));
      for (const next of items.subarray(place + 1, place + 1 + reach)) {
        own.counts.set(next, (own.counts.get(next) ?? 0) + 1);
        own.total++;
      }
    });
  }
  return followers;
}
