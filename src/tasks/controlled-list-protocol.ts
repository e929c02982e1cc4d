import { z } from "zod";
import { DataError } from "../core/errors.js";
import { hashOf } from "../core/hash.js";
import { Random } from "../core/random.js";
import { type Dataset, type Interactions, type ItemTable, positionsByUser } from "../data/dataset.js";
import { labelsOf, likeThreshold } from "../data/likes.js";
import { PART, type Split } from "../data/split.js";
import { hashDataset } from "../data/splits/hash.js";
import { requireNoLeaks } from "../data/splits/leaks.js";
import { csrFromPairs } from "../data/csr.js";
import type { ItemSets } from "../metrics/lists/diversity.js";
import type { ControlledListTraining, GenreWish } from "./controlled-list.js";
import { readWishes } from "./genre-wishes.js";
import { type Sequence, type Window, Windows } from "./windows.js";

/** The numbers of genres that DLCRec's main table asks for. */
const USUAL_GENRES = [2, 5, 8];

/** What `--set task.NAME=VALUE` can change. */
export const controlledListOptions = z.strictObject({
  /** The value from which an interaction is a like; by default found from the range of values. */
  threshold: z.number().optional(),
  /** Most items of a history. */
  history: z.int().min(1).max(1000).default(10),
  /** Fewest items of a history; by default `history`: only full ones. */
  minHistory: z.int().min(1).optional(),
  /** Items to be foretold. 1: the next item. */
  future: z.int().min(1).max(1000).default(10),
  /**
   * The numbers of genres, or the exact sets by name, that are asked for, each of every case, after one list without any wish; by default those
   * of {@link USUAL_GENRES} that a list has room for.
   */
  genres: z.array(z.union([z.int().min(1), z.array(z.string().min(1)).min(1)])).optional(),
  /** Which genres of an item count: its first listed one, or all. */
  genresOf: z.enum(["first", "all"]).default("first"),
  /** Most test windows and most validation windows, drawn at random once for all seeds; 0: all. */
  cases: z.int().min(0).default(1000),
  /** Train on so many windows, drawn at random, and on nothing else; 0: on all likes of the training part. */
  trainWindows: z.int().min(0).default(0),
});

export type ControlledListOptions = z.infer<typeof controlledListOptions>;

/** The protocol on one split: what may be learnt, and which windows are asked. */
export interface ControlledListProtocol {
  readonly training: ControlledListTraining;
  /** The test windows, in the order of users, then of time. */
  readonly test: readonly Window[];
  readonly notes: readonly string[];
}

/** A protocol with what is asked for. */
export interface AskedProtocol extends ControlledListProtocol {
  /** The wishes of every case, after a list without one. */
  readonly wishes: readonly GenreWish[];
}

/** Parts whose items may stand in a window of a part; its future items are all of the part itself. */
const REACHES = { train: PART.train, validation: PART.validation, test: PART.test } as const;

/**
 * Lays out the protocol (DLCRec, WSDM 2025, section 5.1). A user's likes in order of time are cut into all windows of
 * `history` items and the `future` items after them. A window belongs to the part that all its future items belong to,
 * and its history holds no item of a later part: so no test target is in any training or validation window.
 * @param length - places of a list.
 * @throws DataError LEAK where the split leaks, NO_WINDOWS where the training or the test part has no window; those of {@link readWishes}.
 */
export function controlledListProtocol(
  dataset: Dataset,
  split: Split,
  options: ControlledListOptions,
  length = Infinity,
): AskedProtocol {
  requireNoLeaks(dataset, split);
  const { history, future, minHistory = history } = options;
  const mainGenres = Int32Array.from(dataset.items.categories, (own) => (own.length === 0 ? -1 : own[0]));
  const allGenres = options.genresOf === "all" ? genreSets(dataset.items) : null;
  const asked = options.genres ?? USUAL_GENRES.filter((count) => count <= length);
  const genres = { items: dataset.items, mainGenres, ...(allGenres && { allGenres }) };
  const wishes = readWishes(asked, dataset.name, genres, length);
  const threshold = likeThreshold(dataset, options.threshold);
  const likes = likedPositions(dataset, threshold);
  const random = Random.fromSeed("controlled-list");
  const windowsOf = (part: keyof typeof REACHES) => {
    const windows = partWindows(dataset, split, likes, REACHES[part], { history, future, minHistory });
    const most = part === "train" ? options.trainWindows : options.cases;
    return { all: windows.length, chosen: most === 0 ? windows : windows.sample(most, random.fork(part)) };
  };
  const [train, validation, test] = [windowsOf("train"), windowsOf("validation"), windowsOf("test")];
  for (const [name, { all }] of [
    ["training", train],
    ["test", test],
  ] as const) {
    if (all > 0) continue;
    throw new DataError("NO_WINDOWS", `the ${name} part has no window of ${minHistory} + ${future} likes`, {
      hint: "Make the windows shorter with --set task.history=N and --set task.future=N, or choose another split.",
    });
  }
  const sequences =
    options.trainWindows === 0 ? partSequences(dataset, split, likes) : train.chosen.toArray().map(joined);
  const training: ControlledListTraining = {
    users: dataset.users,
    ...genres,
    sequences,
    windows: train.chosen,
    validation: validation.chosen,
    historyLength: history,
    futureLength: future,
    hash: hashOf({
      data: hashDataset(dataset),
      split: split.hash,
      // Not the genres asked for, nor which of them count: they change no training.
      ...{ threshold, history, future, minHistory },
      ...{ cases: options.cases, trainWindows: options.trainWindows },
    }),
  };
  const cases = test.chosen.toArray();
  const note =
    `${cases.length} of ${test.all} test windows of ${new Set(cases.map(({ user }) => user)).size} users: ` +
    `${minHistory === history ? "" : `${minHistory} to `}${history} likes, then ${future} to foretell ` +
    `(a like: ${threshold === null ? "any interaction" : `value >= ${threshold}`}). ` +
    `Trained on ${sequences.length} sequences with ${train.chosen.length} windows. Full ranking of ` +
    `${dataset.items.keys.length} items. ${
      allGenres === null ? "An item's genre is its first" : "All genres of an item count"
    }. Intervals are over users.`;
  return { training, test: cases, wishes, notes: [note] };
}

/** Positions of each user's likes in order of time (of the data, where times are equal or unknown). */
function likedPositions(dataset: Dataset, threshold: number | null): Int32Array[] {
  const { times } = dataset.interactions;
  const liked = labelsOf(dataset, threshold);
  return positionsByUser(dataset).map((positions) => {
    const own = positions.filter((p) => liked[p] === 1);
    return times === null ? own : own.sort((a, b) => times[a] - times[b] || a - b);
  });
}

/** Every window whose future is of this part, over the likes of this part and of those before it. */
function partWindows(
  { interactions }: Dataset,
  { parts }: Split,
  likes: readonly Int32Array[],
  part: number,
  lengths: { readonly history: number; readonly future: number; readonly minHistory: number },
): Windows {
  const sequences: Sequence[] = [];
  const sequenceOf: number[] = [];
  const firsts: number[] = [];
  likes.forEach((positions, user) => {
    const known = positions.filter((p) => parts[p] !== PART.unused && parts[p] <= part);
    let run = 0;
    known.forEach((p, place) => {
      run = parts[p] === part ? run + 1 : 0;
      const first = place + 1 - lengths.future;
      if (run < lengths.future || first < lengths.minHistory) return;
      sequenceOf.push(sequences.length);
      firsts.push(first);
    });
    sequences.push(sequenceAt(interactions, user, known));
  });
  return new Windows(sequences, Int32Array.from(sequenceOf), Int32Array.from(firsts), lengths);
}

/** The training likes of every user who has some. */
function partSequences(
  { interactions }: Dataset,
  { parts }: Split,
  likes: readonly Int32Array[],
): Sequence[] {
  return likes
    .map((positions, user) =>
      sequenceAt(
        interactions,
        user,
        positions.filter((p) => parts[p] === PART.train),
      ),
    )
    .filter((sequence) => sequence.items.length > 0);
}

function sequenceAt({ items, times }: Interactions, user: number, positions: Int32Array): Sequence {
  return {
    user,
    items: positions.map((p) => items[p]),
    times: times && Float64Array.from(positions, (p) => times[p]),
  };
}

function joined({ user, history, future }: Window): Sequence {
  return { user, items: Int32Array.of(...history, ...future), times: null };
}

/** All genres of each item. */
function genreSets({ keys, categories, categoryNames }: ItemTable): ItemSets {
  const rows = categories.flatMap((own, item) => own.map(() => item));
  return csrFromPairs(keys.length, categoryNames.length, rows, categories.flat());
}
