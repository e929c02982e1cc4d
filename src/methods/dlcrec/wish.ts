import { UsageError } from "../../core/errors.js";
import { suggestName } from "../../core/names.js";
import type { Grounder } from "./grounding.js";
import type { Names } from "./prompter.js";

/** What a list is to be like: so many genres, exactly these, or one for each place. */
export interface Wish {
  readonly count?: number;
  readonly genres?: readonly number[];
  readonly slots?: readonly number[];
}

/**
 * Reads a wish: a number, or genres separated by commas or semicolons.
 * @param length - places of the list.
 * @throws UsageError TOO_MANY_GENRES where there are not so many genres or places, UNKNOWN_GENRE, BAD_GENRES for numbers below 1.
 */
export function readWish(text: string, names: Names, length: number): Wish {
  const known = new Set(names.mainGenres.filter((genre) => genre >= 0)).size;
  const tooMany = (count: number) => {
    if (count > known) {
      return new UsageError("TOO_MANY_GENRES", `${count} genres are asked for, and the films have ${known}`);
    }
    return count > length
      ? new UsageError("TOO_MANY_GENRES", `${count} genres can't stand in a list of ${length}`)
      : undefined;
  };
  if (/^\s*-?\d+(\.\d+)?\s*$/.test(text)) {
    const count = Number(text);
    if (!Number.isInteger(count) || count < 1) {
      throw new UsageError("BAD_GENRES", `${text.trim()} genres can't be had`, {
        hint: "Give a whole number from 1, or the genres by name.",
      });
    }
    const error = tooMany(count);
    if (error !== undefined) throw error;
    return { count };
  }
  const genres = [...new Set(readSlots(text, names))];
  const error = tooMany(genres.length);
  if (error !== undefined) throw error;
  return { genres, count: genres.length };
}

/**
 * Reads genres separated by commas or semicolons, repeats kept.
 * @throws UsageError UNKNOWN_GENRE with the nearest name.
 */
export function readSlots(text: string, { genres }: Names): number[] {
  const numbers = new Map(genres.map((name, genre) => [name.toLowerCase(), genre]));
  return partsOf(text, /[;,]/).map((part) => {
    const genre = numbers.get(part.toLowerCase());
    if (genre !== undefined) return genre;
    throw new UsageError("UNKNOWN_GENRE", `no film has the genre "${part}"`, {
      hint: suggestName(part, genres),
    });
  });
}

/**
 * Reads a history: titles separated by semicolons, oldest first.
 * @throws UsageError NO_HISTORY, UNKNOWN_TITLE with the nearest title.
 */
export function readHistory(text: string, { titles }: Names, grounder: Grounder): Int32Array {
  const parts = partsOf(text, /;/);
  if (parts.length === 0) {
    throw new UsageError("NO_HISTORY", "the history names no film", {
      hint: 'Give titles separated by semicolons: --history "A; B; C".',
    });
  }
  const numbers = new Map(titles.map((title, item) => [title.toLowerCase(), item]));
  return Int32Array.from(parts, (part) => {
    const item = numbers.get(part.toLowerCase());
    if (item !== undefined) return item;
    const [nearest] = grounder.ground([part]).items;
    throw new UsageError("UNKNOWN_TITLE", `there is no film "${part}"`, {
      hint: `Did you mean "${titles[nearest]}"?`,
    });
  });
}

function partsOf(text: string, separator: RegExp): string[] {
  return text
    .split(separator)
    .map((part) => part.trim().replace(/^"(.*)"$/, "$1"))
    .filter((part) => part !== "");
}
