import { countsOf, type Dataset, type ItemTable } from "../dataset.js";
import { hashSplit } from "../splits/hash.js";
import type { Catalogue } from "./catalogue.js";
import { worldColdStartSplit } from "./cold-start-split.js";
import { makeDialogue } from "./dialogues.js";
import { drawHistory, type Platform } from "./histories.js";
import { makePlatform } from "./platform.js";
import type { WorldOptions } from "./sizes.js";
import { makeTruth } from "./truth.js";
import { GENRES } from "./words.js";

/** Stands under every table made from the embedded world. */
export const WORLD_NOTE =
  "The embedded world is synthetic: films, users, ratings and dialogues are drawn from a known model (docs/world.md). " +
  "Its figures compare methods under known conditions and say nothing about any real platform.";

/**
 * Makes the embedded world: a synthetic film platform with its truth. The same options give the same data on every
 * machine. Interactions are in the order of users, then of time.
 * @throws UsageError for an unknown or impossible size.
 */
export function worldDataset(options: WorldOptions = {}): Dataset {
  const platform = makePlatform(options);
  const tables = {
    users: { keys: Array.from({ length: platform.users }, (_, user) => userKey(user)), attributes: {} },
    items: worldItems(platform.catalogue),
    interactions: allInteractions(platform),
  };
  const split = worldColdStartSplit(tables, options.seed ?? 1);
  return {
    name: "world",
    ...tables,
    dialogues: Array.from({ length: platform.dialogues }, (_, number) => makeDialogue(platform, number)),
    published: { ...split, hash: hashSplit(tables, split) },
    truth: makeTruth(platform),
    notes: [WORLD_NOTE],
    history: [countsOf("made", tables)],
  };
}

/** The external id of user number n. */
export function userKey(user: number): string {
  return `u${String(user + 1).padStart(5, "0")}`;
}

/** The films as an item table: what people and models may see, and nothing of what is hidden. */
export function worldItems(catalogue: Catalogue): ItemTable {
  const { films, directors } = catalogue;
  return {
    keys: films.map((film) => film.key),
    titles: films.map((film) => film.title),
    texts: {
      director: films.map((film) => directors[film.director].name),
      keywords: films.map((film) => film.keywords.join(", ")),
      plot: films.map((film) => film.plot),
    },
    categoryNames: GENRES.map((genre) => genre.name),
    categories: films.map((film) => film.genres),
    attributes: { released: Float64Array.from(films, (film) => film.released) },
  };
}

function allInteractions(platform: Platform): Dataset["interactions"] {
  const histories = Array.from({ length: platform.users }, (_, user) => drawHistory(platform, user));
  const length = histories.reduce((sum, history) => sum + history.films.length, 0);
  const users = new Int32Array(length);
  const items = new Int32Array(length);
  const values = new Float32Array(length);
  const times = new Float64Array(length);
  let offset = 0;
  histories.forEach((history, user) => {
    users.fill(user, offset, offset + history.films.length);
    items.set(history.films, offset);
    values.set(history.ratings, offset);
    times.set(history.times, offset);
    offset += history.films.length;
  });
  return { users, items, values, times };
}
