import { distance } from "fastest-levenshtein";

/** The rank that Reindex-Then-Adapt's code gives to a title that is not in the list. */
export const RTA_MISSING_RANK = 10_000;

/**
 * A title as Reindex-Then-Adapt's code compares it: a leading list number, parentheses with their content and punctuation
 * are cut, white space is collapsed, letters are lower case. (So a film called "1917" becomes empty: that is theirs.)
 */
export function rtaCleanTitle(title: string): string {
  return title
    .trim()
    .replace(/^\d+[.)、]?\s*[-—–]?\s*/u, "")
    .replace(/\([^()]*\)/gu, "")
    .replace(/[^\p{L}\p{N}_\s]/gu, "")
    .replace(/\s+/gu, " ")
    .trim()
    .toLowerCase();
}

/**
 * Place (from 0) of the first answered title within edit distance 2 of the true one, as Reindex-Then-Adapt scores
 * generated lists; {@link RTA_MISSING_RANK} where there is none. For reproducing its tables only: short titles collide
 * ("Saw" and "Jaws"), and an empty line equals every title of two letters.
 */
export function rtaRank(answers: readonly string[], truth: string): number {
  const wanted = rtaCleanTitle(truth);
  const place = answers.findIndex((answer) => distance(rtaCleanTitle(answer), wanted) <= 2);
  return place < 0 ? RTA_MISSING_RANK : place;
}
