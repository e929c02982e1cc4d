import type { Random } from "../../core/random.js";
import type { Catalogue } from "../../data/world/catalogue.js";
import { POPULARITY } from "../../data/world/constants.js";
import { drawDialogue, makeDialogue, statedLogits } from "../../data/world/dialogues.js";
import type { Platform } from "../../data/world/histories.js";
import { utilities } from "../../data/world/users.js";
import { withArticle } from "../../data/world/text.js";
import { GENRES, MOODS } from "../../data/world/words.js";
import { type TrailEntry, writeTrail } from "../../methods/dlcrec/trail.js";
import { type Document, given, type Piece, plain } from "./document.js";
import { inferTaste } from "./infer-taste.js";
import { listPieces } from "./subjects.js";
import { someOf, type Viewer, withOtherHidden } from "./viewer.js";

/** Films of a list and as many that come after it. */
const TRAIL = 10;

/** A stretch of what a viewer liked, film by film with its main genre. */
export function trailDocument(random: Random, platform: Platform, viewer: Viewer): Document | undefined {
  const entries = stretch(random, platform, viewer);
  if (entries === undefined) return undefined;
  return [plain(writeTrail(entries.slice(0, TRAIL)), 0.3), plain(`, ${writeTrail(entries.slice(TRAIL))}`)];
}

/** Which genres came next: as many as there were, the commonest first. */
export function genreDocument(random: Random, platform: Platform, viewer: Viewer): Document | undefined {
  const entries = stretch(random, platform, viewer);
  if (entries === undefined) return undefined;
  const past = entries.slice(0, TRAIL).map(({ title, genre }) => `"${title}" (${genre})`);
  const counts = new Map<string, number>();
  for (const { genre } of entries.slice(TRAIL)) counts.set(genre, (counts.get(genre) ?? 0) + 1);
  const genres = [...counts].sort((a, b) => b[1] - a[1]).map(([name]) => name);
  return [
    given(`Watched: ${past.join(", ")}.\nThe ${genres.length} most likely genres of the next films:`),
    plain(` ${genres.join(", ")}`),
  ];
}

/** Twice {@link TRAIL} films that a viewer liked one after the other. */
function stretch(random: Random, { catalogue }: Platform, { liked }: Viewer): TrailEntry[] | undefined {
  if (liked.length < 2 * TRAIL) return undefined;
  const from = random.int(liked.length - 2 * TRAIL + 1);
  return liked.slice(from, from + 2 * TRAIL).map((film) => ({
    title: catalogue.films[film].title,
    genre: GENRES[catalogue.mainGenre[film]].name,
  }));
}

/** How many films a recommendation names. */
const LISTED = 10;
/** How far what can be inferred of a taste decides what is recommended, in standard deviations over films; and how far chance does. */
const INFERRED = 1.5;
const CHANCE = 0.4;

/**
 * A dialogue up to the recommender's answer, then the films that the language model would name: by what follows from the films that the seeker
 * named, by what was asked for, and by its own popularity.
 */
export function dialogueDocument(random: Random, platform: Platform, number: number): Document {
  const own = withOtherHidden(platform, `dialogue/${number}`);
  const { catalogue } = own;
  const { liked, disliked, need } = drawDialogue(own, number);
  const { turns } = makeDialogue(own, number);
  const until = turns.findIndex((turn, n) => n > 1 && turn.role === "recommender");
  const [likedFilms, dislikedFilms] = [liked, disliked].map((films) => films.map((n) => catalogue.films[n]));
  const inferred = utilities(catalogue, inferTaste(catalogue, likedFilms, dislikedFilms), [
    "genre",
    "mood",
    "blend",
  ]);
  const stated = statedLogits(catalogue, need);
  const wanted = standardised(inferred).map((taste, film) => INFERRED * taste + stated[film]);
  const said = turns
    .slice(0, until)
    .map(({ role, text }) => `${role === "seeker" ? "User" : "System"}: ${text}`)
    .join("\n");
  const best = recommended(random, platform, wanted, new Set([...liked, ...disliked]));
  return [given(`${said}\nRecommendations:`), plain(listOf(catalogue, best))];
}

/**
 * A short request, by films, a mood, a genre or both, and films that fit it: who recommends must find films by what they are. Learnt from whole
 * dialogues alone, a recommendation says nothing of the request.
 */
export function requestDrill(random: Random, platform: Platform): Document {
  const { catalogue } = platform;
  const known = catalogue.films.flatMap((film, n) => (film.isNew ? [] : [n]));
  const example = random.pick(known);
  const mood = random.uniform() < 0.67 ? catalogue.mood[example] : undefined;
  const genre = mood === undefined || random.uniform() < 0.4 ? catalogue.mainGenre[example] : undefined;
  const fits = (film: number) =>
    (mood === undefined || catalogue.mood[film] === mood) &&
    (genre === undefined || catalogue.films[film].genres.includes(genre));
  const wanted = Float32Array.from(catalogue.films, (_, film) => (fits(film) ? 0 : -8));
  const named =
    random.uniform() < 0.4 ? someOf(random, random.shuffle(known.filter(fits)), 1 + random.int(4)) : [];
  const best = recommended(random, platform, wanted, new Set(named));
  return [
    ...requestPieces(random, catalogue, named, { mood, genre }),
    given("\nRecommendations:"),
    plain(listOf(catalogue, best)),
  ];
}

/** What is wanted: films like the named ones, else those of the mood and genre. */
function requestPieces(
  random: Random,
  catalogue: Catalogue,
  named: readonly number[],
  { mood, genre }: { mood: number | undefined; genre: number | undefined },
): Piece[] {
  const films = named.map((n) => catalogue.films[n]);
  if (films.length === 0) {
    const words = [
      ...(mood === undefined ? [] : [MOODS[mood]]),
      ...(genre === undefined ? [] : [GENRES[genre].name]),
    ];
    return [given(`User: I want ${withArticle(words.join(" "))} film.`)];
  }
  // In talks titles stand without quotation marks, which are other tokens.
  return random.uniform() < 0.5
    ? [given(`User: I loved ${films.map(({ title }) => title).join(", ")}.`)]
    : [given("User: I loved "), ...listPieces(catalogue, films, "line"), given(".")];
}

/** The films of highest logit: what is wanted, the language model's own popularity and a little chance. */
function recommended(
  random: Random,
  { catalogue, popularity }: Platform,
  wanted: Float32Array,
  without: ReadonlySet<number>,
): number[] {
  const logits = wanted.map(
    (logit, film) => logit + POPULARITY.spread * popularity.languageModel[film] + CHANCE * random.gumbel(),
  );
  return Array.from(logits.keys())
    .filter((film) => !catalogue.films[film].isNew && !without.has(film))
    .sort((a, b) => logits[b] - logits[a])
    .slice(0, LISTED);
}

const listOf = ({ films }: Catalogue, best: readonly number[]): string =>
  best.map((film, n) => `\n${n + 1}. ${films[film].title}`).join("");

function standardised(values: Float32Array): Float32Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  return values.map((value) => (value - mean) / (spread || 1));
}
