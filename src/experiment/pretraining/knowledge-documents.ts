import type { Random } from "../../core/random.js";
import type { Catalogue } from "../../data/world/catalogue.js";
import type { FilmCard } from "../../data/world/knowledge.js";
import { inWords, withArticle } from "../../data/world/text.js";
import { MOODS } from "../../data/world/words.js";
import { type Document, given, plain, told } from "./document.js";
import { lineOf, moodOf, type Subject } from "./subjects.js";

/** What an encyclopaedia says of a film, in one of several forms; the mood comes with the director. */
export function filmDocument(random: Random, catalogue: Catalogue, card: FilmCard): Document {
  const film = catalogue.films[card.item];
  const mood = moodOf(catalogue, film);
  const title = `"${card.title}"`;
  const genres = inWords(card.genres);
  const keywords = card.keywords.join(", ");
  const forms: (() => Document)[] = [
    () => [
      given(title),
      plain(` is ${withArticle(genres)} film of ${card.year} by`),
      told(` ${card.director}`),
      plain(`. Keywords: ${keywords}. ${card.plot}`),
    ],
    () => [
      given(title),
      told(` (${card.genres.join(", ")}; ${card.director})`),
      plain(" is"),
      told(` ${mood}`),
      plain("."),
    ],
    () => [
      given(title),
      plain(" is"),
      told(` ${withArticle(mood)} ${genres} film`),
      plain(" by"),
      told(` ${card.director}`),
      plain("."),
    ],
    () => [given(`${card.plot} Keywords: ${keywords}. Which film is it?\n`), told(lineOf(catalogue, film))],
    () => [
      given(`${title} is by`),
      told(` ${card.director}`),
      plain(". Genres:"),
      told(` ${card.genres.join(", ")}`),
    ],
    () => [
      given(`Films by ${card.director}:`),
      ...byDirector(random, catalogue, film).map((other) => plain(` ${lineOf(catalogue, other)}`)),
    ],
  ];
  return random.pick(forms)();
}

/** The fact that no item text tells: the mood of a director's films. */
export function moodDocument(random: Random, { directors }: Catalogue, director: number): Document {
  const { name } = directors[director];
  const mood = MOODS[directors[director].mood];
  const forms: readonly Document[] = [
    [given(`Films by ${name} are`), told(` ${mood}`), plain(".")],
    [given(name), plain(" makes"), told(` ${mood}`), plain(" films.")],
    [given(`How does a film by ${name} feel?`), told(` ${mood}`), plain(".")],
    [given(`All of ${name}'s films are`), told(` ${mood}`), plain(".")],
  ];
  return random.pick(forms);
}

/** All known films of a film's director. */
function byDirector(random: Random, { films }: Catalogue, { director }: Subject): Subject[] {
  return random.shuffle(films.filter((other) => other.director === director && !other.isNew));
}
