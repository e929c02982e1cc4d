import type { Turn } from "../dialogue.js";
import { withoutYear } from "../film-title.js";

/** What was said, with its films in words. */
export type Spelled = Pick<Turn, "text" | "mentions">;

/**
 * Writes films in the place of their ids, without the year, as people name them, and says where. An id of no known film stays as
 * it is: a mention of something outside the catalogue.
 * @param ids - finds the ids; its first group is the id (flag g).
 */
export function spellFilms(
  text: string,
  ids: RegExp,
  filmOf: (id: string) => { readonly item: number; readonly title: string } | undefined,
): Spelled {
  const mentions: Turn["mentions"][number][] = [];
  let spelled = "";
  let from = 0;
  for (const match of text.matchAll(ids)) {
    spelled += text.slice(from, match.index);
    from = match.index + match[0].length;
    const film = filmOf(match[1]);
    const words = film === undefined ? match[0] : withoutYear(film.title) || film.title;
    const start = spelled.length;
    spelled += words;
    mentions.push({ item: film?.item ?? -1, start, end: spelled.length });
  }
  return { text: spelled + text.slice(from), mentions };
}

/** What one person said in two messages, in one. */
export function joinSpelled(first: Spelled, second: Spelled): Spelled {
  const before = first.text === "" || second.text === "" ? first.text : `${first.text} `;
  const moved = second.mentions.map((mention) => ({
    ...mention,
    start: mention.start + before.length,
    end: mention.end + before.length,
  }));
  return { text: before + second.text, mentions: [...first.mentions, ...moved] };
}
