import { parseTrail, type TrailEntry } from "./trail.js";

/** An answer taken apart. A case is never dropped: what is missing is counted. */
export interface Parsed<T> {
  /** One value for each place asked for; null where the answer has none. */
  readonly values: readonly (T | null)[];
  /** How many places have none. */
  readonly missing: number;
}

/** The genres of an answer of GP: the different ones in the order named. Empty parts are passed over. */
export function parseGenres(answer: string, separator = ","): string[] {
  const named = answer.split(separator.trim()).map((part) => part.trim());
  return [...new Set(named.filter((part) => part !== ""))];
}

/**
 * The future part of an answered trail: the `count` entries after the first `history`, as DLCRec's code takes them. An
 * answer that left out or repeated a part of the history is shifted by as much.
 * @param history - how many entries of the answer repeat the history; 0 where the answer goes on from it.
 */
export function parseFuture(answer: string, history: number, count: number): Parsed<TrailEntry> {
  return places(parseTrail(answer).slice(history), count);
}

/** The titles of an answer of BIGRec: `"T1"| "T2"| ...`, with or without quotes. */
export function parseTitles(answer: string, count: number): Parsed<string> {
  const titles = answer.split("|").map((part) => part.trim().replaceAll('"', ""));
  return places(
    titles.filter((title) => title !== ""),
    count,
  );
}

function places<T>(found: readonly T[], count: number): Parsed<T> {
  return {
    values: Array.from({ length: count }, (_, place) => found.at(place) ?? null),
    missing: Math.max(0, count - found.length),
  };
}
