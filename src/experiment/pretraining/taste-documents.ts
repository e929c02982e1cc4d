import type { Random } from "../../core/random.js";
import type { Catalogue } from "../../data/world/catalogue.js";
import { withArticle } from "../../data/world/text.js";
import { GENRES, MOODS } from "../../data/world/words.js";
import { explainedQuestion, explanationPrompt } from "../../methods/prompts/explanation.js";
import { judgementQuestion, NO, preferenceText, YES } from "../../methods/prompts/judgement.js";
import { type Document, given, type Piece, plain, told, verdict } from "./document.js";
import {
  filmPieces,
  isMadeUp,
  kinship,
  lineOf,
  listPieces,
  moodOf,
  quoted,
  spokenTaste,
  type Subject,
} from "./subjects.js";
import type { TargetDrawer } from "./targets.js";
import { someOf, type Viewer } from "./viewer.js";

/** A viewer with all that texts about him are drawn from. */
export interface Teller {
  readonly catalogue: Catalogue;
  readonly viewer: Viewer;
  readonly targets: TargetDrawer;
}

/** Share of texts that name films by their titles alone. */
const TITLES_ONLY = 0.25;

/** Verdicts on several films after one list of liked ones. */
export function judgementDocument(random: Random, teller: Teller, pairs: number): Document | undefined {
  const { catalogue, viewer } = teller;
  const liked = someOf(random, viewer.liked, 3 + random.int(12));
  if (liked.length < 3) return undefined;
  const byTitle = random.uniform() < TITLES_ONLY;
  // Nobody can judge a made-up film by its title.
  const targets = teller.targets
    .draw(random, pairs, new Set(liked))
    .filter(({ film }) => !byTitle || !isMadeUp(film));
  return [
    ...preferencePieces(teller, liked, byTitle),
    ...targets.flatMap(({ film, likes }) => [
      given("\n"),
      ...questionPieces(catalogue, film, byTitle),
      verdict(likes ? YES : NO),
    ]),
  ];
}

/** {@link preferenceText} in pieces. */
function preferencePieces({ catalogue }: Teller, liked: readonly number[], byTitle: boolean): Piece[] {
  return around(
    preferenceText([SLOT]),
    listPieces(
      catalogue,
      liked.map((film) => catalogue.films[film]),
      byTitle,
    ),
  );
}

/** {@link judgementQuestion} in pieces. */
function questionPieces(catalogue: Catalogue, film: Subject, byTitle = false): Piece[] {
  return around(judgementQuestion(SLOT), filmPieces(catalogue, film, byTitle));
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
  const best = strongest(viewer.taste.mood);
  const genre = GENRES[strongest(viewer.taste.genre)[0]].name;
  return [
    ...preferencePieces(teller, liked, random.uniform() < TITLES_ONLY),
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
  const { catalogue, viewer } = teller;
  const liked = someOf(random, viewer.liked, 2 + random.int(6));
  const disliked = someOf(random, viewer.disliked, 1 + random.int(3));
  if (liked.length < 2 || disliked.length === 0) return undefined;
  const target = teller.targets.draw(random, 1, new Set([...liked, ...disliked])).at(0);
  if (target === undefined) return undefined;
  const { film, likes } = target;
  const line = lineOf(catalogue, film);
  const sentence = reasonOf(random, teller, likes ? liked : disliked, film, likes);
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
  { catalogue, viewer }: Teller,
  named: readonly number[],
  film: Subject,
  likes: boolean,
): string {
  const taste = spokenTaste(catalogue, viewer.taste, film);
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
