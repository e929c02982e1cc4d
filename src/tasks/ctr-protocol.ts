import { z } from "zod";
import { DataError } from "../core/errors.js";
import { hashOf } from "../core/hash.js";
import { Random } from "../core/random.js";
import type { Dataset } from "../data/dataset.js";
import { PART, partSizes, positionsOf, type Split } from "../data/split.js";
import { hashDataset } from "../data/splits/hash.js";
import { requireNoLeaks } from "../data/splits/leaks.js";
import { Histories } from "./ctr-history.js";
import { labelsOf, likeThreshold } from "../data/likes.js";
import type { CtrCase, CtrHistory, CtrRows, CtrTraining } from "./ctr.js";

/** The parts of the cases that have figures of their own: of users with and without a training pair. */
export type CtrSubset = "warm" | "cold";

/** What `--set task.NAME=VALUE` can change. */
export const ctrOptions = z.strictObject({
  /** The value from which an interaction is a like; by default found from the range of values. */
  threshold: z.number().optional(),
  /** Most liked and most disliked items of a history. */
  history: z.int().min(0).max(1000).default(20),
});

export type CtrOptions = z.infer<typeof ctrOptions>;

/** The click-through protocol on one split: which pairs are asked, and what may be known of each. */
export interface CtrProtocol {
  readonly training: CtrTraining;
  /** The test pairs with their labels, in the order of the data. */
  readonly test: CtrRows;
  /** Test pair number n as it is put to a recommender. */
  readonly caseOf: (n: number) => CtrCase;
  /** What was known of a user before a moment: training and validation pairs. */
  readonly knownBefore: (user: number, time: number) => CtrHistory;
  /** 1 for each test pair whose user has a training pair. */
  readonly warm: Uint8Array;
  /** None where nobody knows whose impressions the data are. */
  readonly subsets: readonly CtrSubset[];
  readonly notes: readonly string[];
}

/**
 * Lays out the protocol.
 * @throws DataError LEAK where the split leaks, ONE_CLASS where the training or the test part lacks likes or dislikes.
 */
export function ctrProtocol(dataset: Dataset, split: Split, options: CtrOptions): CtrProtocol {
  requireNoLeaks(dataset, split);
  const threshold = likeThreshold(dataset, options.threshold);
  const labels = labelsOf(dataset, threshold);
  const { impressions } = dataset.interactions;
  const times = dataset.interactions.times ?? randomOrder(split);
  const rowsAt = (positions: Int32Array): CtrRows => ({
    users: positions.map((p) => dataset.interactions.users[p]),
    items: positions.map((p) => dataset.interactions.items[p]),
    labels: Float32Array.from(positions, (p) => labels[p]),
    times: Float64Array.from(positions, (p) => times[p]),
    ...(impressions && { places: positions }),
  });
  const [rows, validation, test] = (["train", "validation", "test"] as const).map((part) =>
    rowsAt(positionsOf(split, part)),
  );
  requireBothClasses("training", rows, threshold);
  requireBothClasses("test", test, threshold);

  const userCount = dataset.users.keys.length;
  const known = Int32Array.from(split.parts.keys()).filter(
    (p) => split.parts[p] === PART.train || split.parts[p] === PART.validation,
  );
  const ofTraining = new Histories(userCount, rows, options.history);
  const ofKnown = new Histories(userCount, rowsAt(known), options.history);
  const trained = new Uint8Array(userCount);
  for (const user of rows.users) trained[user] = 1;
  const training: CtrTraining = {
    users: dataset.users,
    items: dataset.items,
    rows,
    validation,
    ...(impressions && { impressions }),
    historyBefore: (user, time) => ofTraining.before(user, time),
    historyLength: options.history,
    hash: hashOf({ data: hashDataset(dataset), split: split.hash, threshold, history: options.history }),
  };
  const knownBefore = (user: number, time: number) => ofKnown.before(user, time);
  const caseOf = (n: number): CtrCase => {
    const [user, item, time] = [test.users[n], test.items[n], test.times[n]];
    return { user, item, time, ...(test.places && { place: test.places[n] }), ...knownBefore(user, time) };
  };
  const warm = Uint8Array.from(test.users, (user) => trained[user]);
  const hasUsers = impressions?.hasUsers !== false;
  return {
    training,
    test,
    caseOf,
    knownBefore,
    warm,
    subsets: hasUsers ? ["warm", "cold"] : [],
    notes: [hasUsers ? noteOf(threshold, test, warm) : noteOfImpressions(test)],
  };
}

/**
 * Where nothing is known of time: training pairs in one random order, validation pairs after them, test pairs at Infinity.
 * A history of all other training pairs would tell the label of a training pair (one like fewer among the user's
 * likes); one that ends at a random place does not.
 */
function randomOrder(split: Split): Float64Array {
  const sizes = partSizes(split);
  const order = Random.fromSeed("ctr/order").permutation(sizes.train + sizes.validation);
  // Ranks are drawn within each part, validation above training.
  const ranks = {
    [PART.train]: order.filter((rank) => rank < sizes.train),
    [PART.validation]: order.filter((rank) => rank >= sizes.train),
  };
  const next = { [PART.train]: 0, [PART.validation]: 0 };
  return Float64Array.from(split.parts, (part) =>
    part === PART.train || part === PART.validation ? ranks[part][next[part]++] : Infinity,
  );
}

function requireBothClasses(part: string, { labels }: CtrRows, threshold: number | null): void {
  const likes = labels.reduce((sum, label) => sum + label, 0);
  if (likes > 0 && likes < labels.length) return;
  const [all, hint] =
    threshold === null
      ? [
          "are all likes: the data have no values",
          "This task needs ratings, or clicks and no clicks as 1 and 0.",
        ]
      : [
          labels.length === 0
            ? "are missing"
            : `are all ${likes > 0 ? "likes" : "dislikes"} (from ${threshold} up: liked)`,
          "Set another threshold with --set task.threshold=N, or choose another split with --split.",
        ];
  throw new DataError("ONE_CLASS", `the ${labels.length} ${part} pairs ${all}`, { hint });
}

function shareOf({ labels }: CtrRows): string {
  return `${((100 * labels.reduce((sum, label) => sum + label, 0)) / labels.length).toFixed(1)} %`;
}

/** Of impressions of nobody known. */
function noteOfImpressions(test: CtrRows): string {
  return (
    `${test.labels.length} test impressions, ${shareOf(test)} clicked. The data do not say whose they are: there are no ` +
    `histories, no GAUC, no warm and cold users, and intervals are over impressions.`
  );
}

function noteOf(threshold: number | null, test: CtrRows, warm: Uint8Array): string {
  const cold = warm.reduce((sum, isWarm) => sum + 1 - isWarm, 0);
  return (
    `${test.labels.length} test pairs of ${new Set(test.users).size} users, ${shareOf(test)} liked ` +
    `(value >= ${threshold}); ${cold} pairs are of cold users, who have no training pair. Histories hold training and ` +
    `validation pairs earlier than the target. Intervals are over users.`
  );
}
