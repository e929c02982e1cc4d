import { DataError } from "../../core/errors.js";
import { positionsByUser, type Dataset } from "../dataset.js";
import { PART, type Split } from "../split.js";

/** A way in which the answer could be read off the training data. */
export interface Leak {
  readonly kind:
    "pair in two parts" | "test before training" | "cold item in training" | "cold user in training";
  readonly count: number;
  /** The first case found, in words. */
  readonly example: string;
}

/**
 * Looks for the three ways in which a split can leak: the same user-item pair in two parts (but of impressions); under a split by time,
 * a test interaction earlier than the latest training one; a cold item or user with training interactions.
 */
export function findLeaks(dataset: Dataset, split: Split): Leak[] {
  const { users, items, times } = dataset.interactions;
  const nameOf = (position: number) =>
    `user ${dataset.users.keys[users[position]]}, item ${dataset.items.keys[items[position]]}`;
  const found = new Map<Leak["kind"], { count: number; example: string }>();
  const add = (kind: Leak["kind"], position: number, detail = "") => {
    const leak = found.get(kind);
    if (leak) leak.count++;
    else found.set(kind, { count: 1, example: nameOf(position) + detail });
  };

  // An impression of the same item to the same user is another question, with columns and a label of its own.
  const pairs = dataset.interactions.impressions === undefined ? positionsByUser(dataset) : [];
  // User by user: a map of all pairs of a large data set would be more than a map can hold.
  for (const positions of pairs) {
    const partOfItem = new Map<number, number>();
    for (const position of positions) {
      const part = split.parts[position];
      if (part === PART.unused) continue;
      const earlier = partOfItem.get(items[position]);
      if (earlier === undefined) partOfItem.set(items[position], part);
      else if (earlier !== part) add("pair in two parts", position);
    }
  }
  let latestTraining = -Infinity;
  split.parts.forEach((part, position) => {
    if (part !== PART.train) return;
    if (times) latestTraining = Math.max(latestTraining, times[position]);
    if (split.coldItems[items[position]]) add("cold item in training", position);
    if (split.coldUsers[users[position]]) add("cold user in training", position);
  });
  if (split.byTime && times) {
    split.parts.forEach((part, position) => {
      if (part === PART.test && times[position] < latestTraining) {
        add("test before training", position, ` at ${times[position]}, training goes to ${latestTraining}`);
      }
    });
  }
  return Array.from(found, ([kind, { count, example }]) => ({ kind, count, example }));
}

/** @throws DataError (exit 3) that names each leak, its size and an example. */
export function requireNoLeaks(dataset: Dataset, split: Split): void {
  const leaks = findLeaks(dataset, split);
  if (leaks.length === 0) return;
  const listed = leaks.map(({ kind, count, example }) => `${kind}: ${count} (first: ${example})`).join("; ");
  const repeated = leaks.some((leak) => leak.kind === "pair in two parts");
  throw new DataError("LEAK", `the split ${split.description} leaks: ${listed}`, {
    hint: repeated
      ? "Merge repeated pairs first: --set filter.deduplicate=last."
      : "Make the split anew, or correct the file given by --split.",
  });
}
