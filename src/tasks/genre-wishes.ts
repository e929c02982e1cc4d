import { DataError, UsageError } from "../core/errors.js";
import { suggestName } from "../core/names.js";
import { type ControlledListTraining, controlGenres, type GenreWish } from "./controlled-list.js";

/** A wish as a configuration says it: a number of genres, or their names. */
export type AskedGenres = number | readonly string[];

/**
 * Reads the wishes of a configuration.
 * @param name - of the data set, for errors.
 * @param length - places of a list.
 * @throws DataError NO_GENRES where there are not so many genres; UsageError UNKNOWN_GENRE with the nearest name, TOO_MANY_GENRES where they can't
 * stand in the list.
 */
export function readWishes(
  asked: readonly AskedGenres[],
  name: string,
  data: Pick<ControlledListTraining, "items" | "mainGenres" | "allGenres">,
  length: number,
): GenreWish[] {
  const { categoryNames } = data.items;
  const used = [...new Set(controlGenres(data).indices)].sort((a, b) => a - b);
  const numbers = new Map(used.map((genre) => [categoryNames[genre].toLowerCase(), genre]));
  const wishes = asked.map((wish): GenreWish => {
    if (typeof wish === "number") return wish;
    return new Set(
      wish.map((genre) => {
        const number = numbers.get(genre.trim().toLowerCase());
        if (number !== undefined) return number;
        throw new UsageError("UNKNOWN_GENRE", `task.genres: no item of ${name} has the genre "${genre}"`, {
          hint: suggestName(
            genre,
            used.map((one) => categoryNames[one]),
          ),
        });
      }),
    );
  });
  const sizes = wishes.map((wish) => (typeof wish === "number" ? wish : wish.size));
  const most = Math.max(0, ...sizes);
  if (most > used.length) {
    throw new DataError(
      "NO_GENRES",
      `lists of ${most} genres are asked for, and the items of ${name} have ${used.length}`,
      {
        hint: "Ask for others with --set task.genres=[2,5], or for none with --set task.genres=[].",
      },
    );
  }
  // An item of several genres brings more than one to its place.
  if (most > length && data.allGenres === undefined) {
    throw new UsageError("TOO_MANY_GENRES", `${most} genres can't stand in a list of ${length}`, {
      hint: `Ask for at most ${length} with --set task.genres=[...], or make lists longer: --set ks=[${most}].`,
    });
  }
  return wishes;
}
