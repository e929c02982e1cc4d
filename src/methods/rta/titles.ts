import { distance } from "fastest-levenshtein";
import { yearOf } from "../../data/film-title.js";
import { rtaCleanTitle } from "../../metrics/compat/rta.js";
import { itemsByTitle } from "../../recommenders/dialogue/recorded.js";
import type { ConversationTraining } from "../../tasks/conversation.js";

/** The titles of a numbered list whose first number stood at the end of the prompt. A last line that was cut off is left out. */
export function listedTitles(answer: string, isWhole: boolean): string[] {
  const lines = `1.${answer}`.split("\n");
  if (!isWhole) lines.pop();
  return lines.flatMap((line) => {
    const match = /^\s*\d+[.)]\s*(\S.*?)\s*$/u.exec(line);
    return match === null ? [] : [match[1].replace(/^"(.*)"$/u, "$1")];
  });
}

/** Edits between a title and what is taken for it: never more, and none in short ones. */
const MOST_EDITS = 2;
const LETTERS_AN_EDIT = 5;

/** A title with its year as it is compared, or "" where it has none. */
function datedTitle(title: string): string {
  const year = yearOf(title);
  return Number.isNaN(year) ? "" : `${rtaCleanTitle(title)} (${year})`;
}

/**
 * Takes titles that a language model wrote for items of the catalogue: the same words and year, the same words, or the nearest title
 * within two edits, one for every five letters (a title of one letter would be near to everything). Of equal titles it is the one that
 * training names most often.
 */
export class TitleMatcher {
  private readonly dated: ReadonlyMap<string, number>;
  private readonly exact: ReadonlyMap<string, number>;
  private readonly known = new Map<string, number>();

  constructor(train: ConversationTraining) {
    const named = ([title]: [string, number]) => title !== "";
    this.dated = new Map([...itemsByTitle(train, datedTitle)].filter(named));
    this.exact = new Map([...itemsByTitle(train, rtaCleanTitle)].filter(named));
  }

  /** The item, or -1. */
  find(written: string): number {
    const clean = rtaCleanTitle(written);
    const exact = this.dated.get(datedTitle(written)) ?? this.exact.get(clean);
    if (exact !== undefined) return exact;
    let found = this.known.get(clean);
    if (found === undefined) this.known.set(clean, (found = this.nearest(clean)));
    return found;
  }

  /** The item of the nearest title at any distance, as the published code takes it; -1 for a text without letters. */
  findNearest(written: string): number {
    const found = this.find(written);
    const clean = rtaCleanTitle(written);
    return found >= 0 || clean === "" ? found : this.nearest(clean, Infinity);
  }

  private nearest(
    clean: string,
    most = Math.min(MOST_EDITS, Math.floor(clean.length / LETTERS_AN_EDIT)),
  ): number {
    let best = -1;
    let least = most + 1;
    for (const [title, item] of this.exact) {
      if (Math.abs(title.length - clean.length) >= least) continue;
      const edits = distance(title, clean);
      if (edits < least) [best, least] = [item, edits];
    }
    return best;
  }
}
