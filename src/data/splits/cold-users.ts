import type { Dataset } from "../dataset.js";
import type { Assignment } from "./assignment.js";
import { splitColdSide, type ColdSplitOptions } from "./cold-items.js";

/** The cold-item protocol with users and items exchanged: a random `share` of the users has no training interaction. */
export function splitColdUsers(dataset: Dataset, options: ColdSplitOptions): Assignment {
  const { users, items } = dataset.interactions;
  const { parts, cold } = splitColdSide(users, items, dataset.users.keys.length, options, "cold-user");
  return { parts, byTime: false, coldUsers: cold };
}
