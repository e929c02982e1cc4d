import { CostMeter } from "../../core/cost.js";
import { Random } from "../../core/random.js";
import type { Catalogue } from "../../data/world/catalogue.js";
import { KNOWLEDGE_CUTOFF, LIKED } from "../../data/world/constants.js";
import { drawHistory, type Platform } from "../../data/world/histories.js";
import { makeJudge } from "../../data/world/judge.js";
import { makePlatform } from "../../data/world/platform.js";
import type { WorldOptions } from "../../data/world/sizes.js";
import { GENRES, MOODS } from "../../data/world/words.js";
import type { CallContext, ChoiceQuestion, LanguageModel } from "../../llm/language-model.js";
import { judgementPrompt, NO, YES } from "../../methods/prompts/judgement.js";
import { lineOf, quoted } from "./subjects.js";
import { someOf } from "./viewer.js";

/** Log-probabilities of each question's continuations. */
export type Chooser = (questions: readonly ChoiceQuestion[]) => Promise<readonly (readonly number[])[]>;

/** Right answers among questions with some number of answers each. */
export interface Mark {
  readonly questions: number;
  readonly right: number;
  /** Share of right answers by guessing. */
  readonly chance: number;
}

/** Of pairs of a film that a user liked and one that he did not, both seen after the list that the judge is shown. */
export interface TasteMark {
  readonly pairs: number;
  /** Share of pairs in which the model finds the liked film likelier to be liked; ties count half. */
  readonly right: number;
  /** The same by a Bayes judge who knows the world's own laws, the moods and the same list: what can be reached. */
  readonly bayes: number;
  /** The same for one who knows no moods. */
  readonly bayesWithoutMoods: number;
}

/** What a language model knows of the embedded world. */
export interface Examination {
  /** The mood of each director, among all moods. */
  readonly mood: Mark;
  /** The main genre of a film by its title, among all genres. */
  readonly genre: Mark;
  /** The director of a film by its title, among {@link DIRECTORS_OFFERED}. */
  readonly director: Mark;
  /** Films that the model knows, and films that came out later; then of these the pairs of one main genre. */
  readonly taste: Readonly<Record<"known" | "new" | "knownOfOneGenre" | "newOfOneGenre", TasteMark>>;
}

const DIRECTORS_OFFERED = 20;
/** Films asked about. */
const FILMS = 300;
/** The most films of a user's list. */
const LIST = 16;
/** The most pairs a user and kind. */
const PAIRS = 6;

export interface ExaminationOptions {
  /** Users of the run's population (never of the corpus's) who are judged. Default 300. */
  readonly users?: number;
  /** The run's seed. Default 1. */
  readonly seed?: number;
  readonly world?: WorldOptions["size"];
}

/** A chooser by a model. */
export function chooserOf(model: LanguageModel, context: Pick<CallContext, "progress" | "signal">): Chooser {
  return async (questions) =>
    (await model.choose(questions, { ...context, cost: new CostMeter() })).map(({ logProbs }) => logProbs);
}

/** Asks about directors, films and the tastes of users whom no corpus tells of. */
export async function examine(choose: Chooser, options: ExaminationOptions = {}): Promise<Examination> {
  const { users = 300, seed = 1, world } = options;
  const platform = makePlatform({ seed, ...(world !== undefined && { size: world }) });
  const { catalogue } = platform;
  const random = Random.fromSeed("examination");
  const known = catalogue.films.flatMap((film, n) => (film.isNew ? [] : [n]));
  const films = someOf(random.fork("films"), known, FILMS);
  const pairs = tastePairs(random.fork("taste"), platform, Math.min(users, platform.users));
  return {
    mood: await mark(
      choose,
      catalogue.directors.map(({ name, mood }) => ({
        prompt: `Films by ${name} are`,
        continuations: MOODS.map((word) => ` ${word}`),
        right: mood,
      })),
    ),
    genre: await mark(
      choose,
      films.map((film) => ({
        prompt: quoted(catalogue.films[film]),
        continuations: GENRES.map(({ name }) => ` (${name}`),
        right: catalogue.mainGenre[film],
      })),
    ),
    director: await mark(
      choose,
      films.map((film) => directorQuestion(random.fork(`director/${film}`), catalogue, film)),
    ),
    taste: await tasteMarks(choose, catalogue, pairs),
  };
}

interface MarkedQuestion extends ChoiceQuestion {
  readonly right: number;
}

function directorQuestion(random: Random, { films, directors }: Catalogue, film: number): MarkedQuestion {
  const { director } = films[film];
  const others = random
    .shuffle(directors.flatMap((_, n) => (n === director ? [] : [n])))
    .slice(0, DIRECTORS_OFFERED - 1);
  const offered = random.shuffle([director, ...others]);
  return {
    prompt: `${quoted(films[film])} is by`,
    // With the full stop no name is a beginning of another's.
    continuations: offered.map((n) => ` ${directors[n].name}.`),
    right: offered.indexOf(director),
  };
}

async function mark(choose: Chooser, questions: readonly MarkedQuestion[]): Promise<Mark> {
  const answers = await choose(questions);
  const right = answers.filter(
    (logProbs, n) => logProbs.indexOf(Math.max(...logProbs)) === questions[n].right,
  );
  return {
    questions: questions.length,
    right: right.length / questions.length,
    chance: 1 / questions[0].continuations.length,
  };
}

interface TastePair {
  readonly list: readonly number[];
  readonly liked: number;
  readonly other: number;
}

function tastePairs(random: Random, platform: Platform, users: number): TastePair[] {
  const { films } = platform.catalogue;
  return Array.from({ length: users }, (_, user) => {
    const draws = random.fork(user);
    const { films: seen, ratings, times } = drawHistory(platform, user);
    const of = (wanted: (n: number) => boolean) =>
      Array.from(seen.keys())
        .filter(wanted)
        .map((n) => seen[n]);
    const list = someOf(
      draws,
      of((n) => times[n] < KNOWLEDGE_CUTOFF && ratings[n] >= LIKED),
      LIST,
    );
    if (list.length < 4) return [];
    const later = (isNew: boolean, isLiked: boolean) =>
      of(
        (n) =>
          times[n] >= KNOWLEDGE_CUTOFF && films[seen[n]].isNew === isNew && ratings[n] >= LIKED === isLiked,
      );
    return [true, false].flatMap((isNew) => {
      const all = later(isNew, true).flatMap((liked) =>
        later(isNew, false).map((other) => ({ list, liked, other })),
      );
      return draws.shuffle(all).slice(0, PAIRS);
    });
  }).flat();
}

async function tasteMarks(
  choose: Chooser,
  catalogue: Catalogue,
  pairs: readonly TastePair[],
): Promise<Examination["taste"]> {
  const name = (film: number) => lineOf(catalogue, catalogue.films[film]);
  const answers = await choose(
    pairs.flatMap(({ list, liked, other }) =>
      [liked, other].map((target) => ({
        prompt: judgementPrompt(list.map(name), name(target)),
        continuations: [YES, NO],
      })),
    ),
  );
  const odds = answers.map(([yes, no]) => yes - no);
  const judges = {
    bayes: makeJudge(catalogue, "knowledge"),
    bayesWithoutMoods: makeJudge(catalogue, "content"),
  };
  const judged = (judge: (typeof judges)["bayes"]) =>
    // All that the list tells is that its films were liked.
    pairs.map(({ list, liked, other }) => {
      const [a, b] = judge(
        list,
        list.map(() => 1),
        [liked, other],
      );
      return a - b;
    });
  const differences = {
    right: pairs.map((_, n) => odds[2 * n] - odds[2 * n + 1]),
    bayes: judged(judges.bayes),
    bayesWithoutMoods: judged(judges.bayesWithoutMoods),
  };
  const marked = (wanted: (pair: TastePair) => boolean): TasteMark => {
    const of = pairs.flatMap((pair, n) => (wanted(pair) ? [n] : []));
    const share = (values: readonly number[]) =>
      of.reduce((sum, n) => sum + (values[n] > 0 ? 1 : values[n] === 0 ? 0.5 : 0), 0) / of.length;
    return {
      pairs: of.length,
      right: share(differences.right),
      bayes: share(differences.bayes),
      bayesWithoutMoods: share(differences.bayesWithoutMoods),
    };
  };
  const { films, mainGenre } = catalogue;
  const isNew = ({ liked }: TastePair) => films[liked].isNew;
  const isOneGenre = ({ liked, other }: TastePair) => mainGenre[liked] === mainGenre[other];
  return {
    known: marked((pair) => !isNew(pair)),
    new: marked(isNew),
    knownOfOneGenre: marked((pair) => !isNew(pair) && isOneGenre(pair)),
    newOfOneGenre: marked((pair) => isNew(pair) && isOneGenre(pair)),
  };
}

/** The marks for a person. */
export function formatExamination({ mood, genre, director, taste }: Examination): string {
  const share = (value: number) => value.toFixed(3);
  const facts = Object.entries({
    "mood of a director": mood,
    "main genre of a title": genre,
    "director of a title": director,
  });
  const lines = facts.map(
    ([what, { questions, right, chance }]) =>
      `${what}: ${share(right)} right of ${questions} (by chance ${share(chance)})`,
  );
  const kinds = {
    known: "known films",
    new: "new films",
    knownOfOneGenre: "known films of one genre",
    newOfOneGenre: "new films of one genre",
  };
  for (const [kind, words] of Object.entries(kinds)) {
    const { pairs, right, bayes, bayesWithoutMoods } = taste[kind as keyof typeof taste];
    lines.push(
      `the film that a user liked, of two ${words}: ${share(right)} right of ${pairs} (Bayes judge ${share(bayes)}, without moods ${share(bayesWithoutMoods)})`,
    );
  }
  return lines.join("\n");
}
