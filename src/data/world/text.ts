import type { Random } from "../../core/random.js";
import {
  FIRST_NAMES,
  HEROES,
  HERO_TRAITS,
  LAST_NAMES,
  PLOT_PLACES,
  TITLE_ADJECTIVES,
  TITLE_NAMES,
  TITLE_NOUNS,
  TITLE_PLACES,
} from "./words.js";

/** "a" or "an" before a word, by its first letter (the vocabulary has no exception). */
export function withArticle(words: string): string {
  return `${/^[aeiou]/i.test(words) ? "an" : "a"} ${words}`;
}

/** A list in words: "a", "a and b", "a, b and c". */
export function inWords(items: readonly string[], last = "and"): string {
  if (items.length < 2) return items.join("");
  return `${items.slice(0, -1).join(", ")} ${last} ${items[items.length - 1]}`;
}

const TITLE_FORMS: readonly ((random: Random) => string)[] = [
  (r) => `The ${r.pick(TITLE_ADJECTIVES)} ${r.pick(TITLE_NOUNS)}`,
  (r) => `${r.pick(TITLE_ADJECTIVES)} ${r.pick(TITLE_NOUNS)}`,
  (r) => `${r.pick(TITLE_NOUNS)} of ${r.pick(TITLE_PLACES)}`,
  (r) => `The ${r.pick(TITLE_NOUNS)} and the ${r.pick(TITLE_NOUNS)}`,
  (r) => `${r.pick(TITLE_NAMES)}'s ${r.pick(TITLE_NOUNS)}`,
  (r) => `A ${r.pick(TITLE_NOUNS)} in ${r.pick(TITLE_PLACES)}`,
  (r) => `The ${r.pick(TITLE_ADJECTIVES)} ${r.pick(TITLE_NOUNS)} of ${r.pick(TITLE_PLACES)}`,
];

/**
 * A title that is not yet taken; it is added to the taken ones.
 * @param hint - a keyword that becomes the title, for the few films whose title gives the genre away.
 */
export function drawTitle(random: Random, taken: Set<string>, hint?: string): string {
  const fixed = hint === undefined ? undefined : titleCase(hint);
  if (fixed !== undefined && !taken.has(fixed)) {
    taken.add(fixed);
    return fixed;
  }
  for (;;) {
    const title = random
      .pick(TITLE_FORMS)(random)
      .replace(/\bA (?=[AEIOU])/, "An ");
    if (/\b(\w+)\b.*\b\1$/.test(title.replace(/^The /, "")) || taken.has(title)) continue;
    taken.add(title);
    return title;
  }
}

function titleCase(words: string): string {
  return `The ${words.replace(/(^| )[a-z]/g, (letter) => letter.toUpperCase())}`;
}

/** A director's name that is not yet taken; it is added to the taken ones. Beyond 2,000 names a middle initial is put in. */
export function drawName(random: Random, taken: Set<string>): string {
  for (let attempt = 0; ; attempt++) {
    const initial = attempt < 20 ? "" : `${String.fromCharCode(65 + random.int(26))}. `;
    const second = attempt < 100 ? "" : `${String.fromCharCode(65 + random.int(26))}. `;
    const name = `${random.pick(FIRST_NAMES)} ${initial}${second}${random.pick(LAST_NAMES)}`;
    if (taken.has(name)) continue;
    taken.add(name);
    return name;
  }
}

const PLOT_FORMS: readonly ((hero: string, place: string, keys: string) => string)[] = [
  (hero, place, keys) => `In ${place}, ${hero} is drawn into a story of ${keys}.`,
  (hero, place, keys) => `A story of ${keys}, told by ${hero} from ${place}.`,
  (hero, place, keys) => `${sentence(hero)} returns to ${place} and has to face ${keys}.`,
  (hero, place, keys) => `${sentence(hero)} leaves ${place} for good, but can't escape ${keys}.`,
  (hero, place, keys) => `When ${hero} comes to ${place}, nothing is as it seems: there is ${keys}.`,
  (hero, place, keys) => `Everyone in ${place} knows of ${keys}, except ${hero}.`,
  (hero, place, keys) => `${sentence(hero)} and a rival meet in ${place} over ${keys}.`,
  (hero, place, keys) => `One night in ${place} changes everything for ${hero}: ${keys}.`,
];

/** One sentence of plot that names the keywords. */
export function drawPlot(random: Random, keywords: readonly string[]): string {
  const hero = withArticle(`${random.pick(HERO_TRAITS)} ${random.pick(HEROES)}`);
  return random.pick(PLOT_FORMS)(hero, random.pick(PLOT_PLACES), inWords(keywords.map(asNoun)));
}

/** Keywords that name one thing want an article in a sentence; masses and plurals do not. */
const WITHOUT_ARTICLE =
  /^(archive footage|bird migration|blackmail|counterfeit money|winter|debt|first love|first contact|harvest|old)/;

function asNoun(keyword: string): string {
  if (keyword === "old photograph" || keyword === "old curse") return withArticle(keyword);
  return WITHOUT_ARTICLE.test(keyword) ? keyword : withArticle(keyword);
}

function sentence(words: string): string {
  return words[0].toUpperCase() + words.slice(1);
}
