import type { Random } from "../../core/random.js";
import type { Catalogue } from "../../data/world/catalogue.js";
import { withArticle } from "../../data/world/text.js";
import { GENRES, MOODS } from "../../data/world/words.js";
import { explainedQuestion, explanationPrompt } from "../../methods/prompts/explanation.js";
import { judgementQuestion, NO, preferenceText, YES } from "../../methods/prompts/judgement.js";
import { inferTaste, type InferredTaste } from "./infer-taste.js";
import { type Document, given, type Piece, plain, told, verdict } from "./document.js";
import {
  type FilmForm,
  filmPieces,
  type Inventor,
  isMadeUp,
  kinship,
  lineOf,
  listPieces,
  moodOf,
  quoted,
  spokenTaste,
  type Subject,
} from "./subjects.js";
import { TargetDrawer } from "./targets.js";
import { someOf, type Viewer } from "./viewer.js";

/** A viewer with all that texts about him are drawn from. What is said of his taste is what can be inferred from the films that are named. */
export interface Teller {
  readonly catalogue: Catalogue;
  readonly viewer: Viewer;
  readonly inventor: Inventor;
}

/** How often films are named in each form. */
const LIST_FORMS: readonly FilmForm[] = ["line", "line", "line", "mood", "title"];
/** Share of lists of viewers whose taste is narrow, and of films in them that are there by chance. */
const NARROW = 0.3;
const STRAY = 0.2;
/** Share of verdicts whose questions are films alone, without words: more of them in a text. */
const SHORT = 0.5;

/** Verdicts on several films after one list of liked ones. */
export function judgementDocument(random: Random, teller: Teller, pairs: number): Document | undefined {
  const { catalogue, viewer, inventor } = teller;
  const count = listLength(random);
  const liked =
    random.uniform() < NARROW
      ? narrowList(random, catalogue, count, STRAY)
      : someOf(random, viewer.liked, count);
  if (liked.length < 3) return undefined;
  const form = random.pick(LIST_FORMS);
  const isShort = random.uniform() < SHORT;
  const inferred = inferTaste(
    catalogue,
    liked.map((film) => catalogue.films[film]),
  );
  // Nobody can judge a made-up film by its title.
  const targets = new TargetDrawer(catalogue, inventor, inferred)
    .draw(random, isShort ? 2 * pairs : pairs, new Set(liked))
    .filter(({ film }) => form !== "title" || !isMadeUp(film));
  return [
    ...preferencePieces(teller, liked, form),
    ...targets.flatMap(({ film, likes }) => [
      given("\n"),
      ...(isShort
        ? [...filmPieces(catalogue, film, form), given("?")]
        : questionPieces(catalogue, film, form)),
      verdict(likes ? YES : NO),
    ]),
  ];
}

/**
 * Decided verdicts by a narrow taste, films being named by genres and director alone. What matters in a list is learnt from many of these first:
 * in whole sentences about tastes of every kind it is learnt ten times as slowly, if at all.
 */
export function drillDocument(
  random: Random,
  { catalogue, inventor }: Omit<Teller, "viewer">,
  pairs: number,
): Document {
  const list = narrowList(random, catalogue, listLength(random), 0);
  const films = list.map((film) => catalogue.films[film]);
  const targets = new TargetDrawer(catalogue, inventor, inferTaste(catalogue, films), "decided");
  return [
    ...listPieces(catalogue, films, "about"),
    ...targets
      .draw(random, pairs, new Set(list))
      .flatMap(({ film, likes }) => [
        given("\n"),
        ...filmPieces(catalogue, film, "about"),
        given("?"),
        verdict(likes ? YES : NO),
      ]),
  ];
}

const listLength = (random: Random): number => 3 + random.int(12);

/**
 * Different films that one would like who cares for one mood or one genre alone.
 * @param stray - share of films that are there by chance.
 */
function narrowList(random: Random, catalogue: Catalogue, count: number, stray: number): number[] {
  const known = catalogue.films.flatMap((film, n) => (film.isNew ? [] : [n]));
  const [mood, genre] = [random.int(MOODS.length), random.int(GENRES.length)];
  const fitting = known.filter(
    random.uniform() < 0.6
      ? (film) => catalogue.mood[film] === mood
      : (film) => catalogue.films[film].genres.includes(genre),
  );
  const films = Array.from({ length: count }, () => random.pick(random.uniform() < stray ? known : fitting));
  return [...new Set(films)];
}

/** {@link preferenceText} in pieces. */
function preferencePieces({ catalogue }: Teller, liked: readonly number[], form: FilmForm): Piece[] {
  return around(
    preferenceText([SLOT]),
    listPieces(
      catalogue,
      liked.map((film) => catalogue.films[film]),
      form,
    ),
  );
}

/** {@link judgementQuestion} in pieces. */
function questionPieces(catalogue: Catalogue, film: Subject, form: FilmForm): Piece[] {
  return around(judgementQuestion(SLOT), filmPieces(catalogue, film, form));
}

/** Stands in a prompt for what pieces are put in. */
const SLOT = "\u0000";

function around(prompt: string, pieces: readonly Piece[]): Piece[] {
  const [before, after] = prompt.split(SLOT);
  return [given(before), ...pieces, given(after)];
}

/** The moods of a list's films, and which moods and genre the viewer likes most: what a judge has to see first. */
export function moodsOfListDocument(random: Random, teller: Teller): Document | undefined {
  const { catalogue, viewer } = teller;
  const liked = someOf(random, viewer.liked, 3 + random.int(6));
  if (liked.length < 3) return undefined;
  const moods = liked.map((film) => moodOf(catalogue, catalogue.films[film]));
  const inferred = inferTaste(
    catalogue,
    liked.map((film) => catalogue.films[film]),
  );
  const best = strongest(inferred.mood);
  const genre = GENRES[strongest(inferred.genre)[0]].name;
  return [
    ...preferencePieces(teller, liked, random.uniform() < 0.25 ? "title" : "line"),
    plain("\nMoods:"),
    ...moods.map((mood, n) => told(n === 0 ? ` ${mood}` : `, ${mood}`)),
    plain(`. The user likes ${MOODS[best[0]]} and ${MOODS[best[1]]} films, above all ${genre}.`),
  ];
}

function strongest(taste: Float32Array): number[] {
  return Array.from(taste.keys()).sort((a, b) => taste[b] - taste[a]);
}

/** A verdict with its reason in one sentence, then the verdict read back from the sentence. */
export function explanationDocument(random: Random, teller: Teller): Document | undefined {
  const { catalogue, viewer, inventor } = teller;
  const liked = someOf(random, viewer.liked, 2 + random.int(6));
  const disliked = someOf(random, viewer.disliked, 1 + random.int(3));
  if (liked.length < 2 || disliked.length === 0) return undefined;
  const [likedFilms, dislikedFilms] = [liked, disliked].map((films) => films.map((n) => catalogue.films[n]));
  const inferred = inferTaste(catalogue, likedFilms, dislikedFilms);
  const target = new TargetDrawer(catalogue, inventor, inferred)
    .draw(random, 1, new Set([...liked, ...disliked]))
    .at(0);
  if (target === undefined) return undefined;
  const { film, likes } = target;
  const line = lineOf(catalogue, film);
  const sentence = reasonOf(random, catalogue, inferred, likes ? liked : disliked, film, likes);
  const answer = verdict(likes ? YES : NO);
  // A judge of explanations may see the sentence alone.
  if (random.uniform() < 0.3) return [given(explainedQuestion(line, sentence)), answer];
  const lines = (films: readonly number[]) => films.map((n) => lineOf(catalogue, catalogue.films[n]));
  return [
    given(explanationPrompt(lines(liked), lines(disliked), line)),
    plain(` ${sentence}`, 1.5),
    given(`\n${judgementQuestion(line)}`),
    answer,
  ];
}

/** Why, in one sentence: the film's mood and genre, which of them decides, and the most similar film that was named. */
function reasonOf(
  random: Random,
  catalogue: Catalogue,
  inferred: InferredTaste,
  named: readonly number[],
  film: Subject,
  likes: boolean,
): string {
  const taste = spokenTaste(catalogue, inferred, film);
  const sign = likes ? 1 : -1;
  const mood = moodOf(catalogue, film);
  const genre = GENRES[film.genres[0]].name;
  const similar = [...named].sort(
    (a, b) => kinship(catalogue, catalogue.films[b], film) - kinship(catalogue, catalogue.films[a], film),
  )[0];
  const like = quoted(catalogue.films[similar]);
  const decides = [
    { weight: sign * taste.genre, words: `${genre} films` },
    { weight: sign * taste.mood, words: `${mood} films` },
    { weight: sign * taste.blend, words: `${mood} ${genre} films` },
  ].sort((a, b) => b.weight - a.weight)[0].words;
  const kind = `${withArticle(mood)} ${genre} film by ${catalogue.directors[film.director].name}`;
  const forms = likes
    ? [
        `The user will like this ${mood} ${genre} film: it is like ${like}, and the user enjoys ${decides}.`,
        `It is ${kind}, like ${like}, and the user enjoys ${decides}.`,
        `The user enjoys ${decides} such as ${like}, and this is ${kind}.`,
      ]
    : [
        `The user will not like this ${mood} ${genre} film: it is like ${like}, and the user avoids ${decides}.`,
        `It is ${kind}, like ${like}, and the user avoids ${decides}.`,
        `The user avoids ${decides} such as ${like}, and this is ${kind}.`,
      ];
  return random.pick(forms);
}
