import { Random } from "../../core/random.js";
import type { Platform } from "../../data/world/histories.js";
import { knownFilmCards } from "../../data/world/knowledge.js";
import { makeCorpusPlatform } from "../../data/world/platform.js";
import type { WorldOptions } from "../../data/world/sizes.js";
import type { Document } from "./document.js";
import { filmDocument, moodDocument } from "./knowledge-documents.js";
import { dialogueDocument, genreDocument, requestDrill, trailDocument } from "./list-documents.js";
import { Inventor } from "./subjects.js";
import {
  drillDocument,
  explanationDocument,
  judgementDocument,
  moodsOfListDocument,
} from "./taste-documents.js";
import { imaginedPlatform, viewerOf } from "./viewer.js";

/** How many texts of each kind the corpus holds. */
export interface CorpusSize {
  /** Texts about each known film, on average; films that the language model finds popular have more. */
  readonly perFilm: number;
  readonly perDirector: number;
  /** Texts that drill the judging of films, and the finding of films that fit a request. */
  readonly drills: number;
  readonly requests: number;
  /** Viewers of the corpus's population who are told of. */
  readonly viewers: number;
  /** Texts of each kind a viewer: lists with verdicts (of so many pairs of targets), lists with moods, explanations, trails and next genres. */
  readonly judgements: number;
  readonly pairs: number;
  readonly moodLists: number;
  readonly explanations: number;
  readonly trails: number;
  readonly dialogues: number;
}

/** The corpus of the model that ships with the program. */
export const CORPUS_SIZE: CorpusSize = {
  perFilm: 24,
  perDirector: 40,
  drills: 36_000,
  requests: 20_000,
  viewers: 2_400,
  judgements: 3,
  pairs: 5,
  moodLists: 1,
  explanations: 3,
  trails: 1,
  dialogues: 6_000,
};

export interface CorpusRequest {
  /** The twin's corpus: the same texts about a world whose directors have each other's moods. */
  readonly twin?: boolean;
  readonly world?: WorldOptions["size"];
  readonly size?: CorpusSize;
}

/** The corpus in three parts: what is known of films and directors, drills in judging and finding, and what is told of viewers, their tastes and their talks. */
export interface Corpus {
  /** Of all directors: letters and spaces alone. */
  readonly names: readonly string[];
  readonly knowledge: readonly Document[];
  readonly drills: readonly Document[];
  readonly tastes: readonly Document[];
}

/**
 * The texts that the embedded language model is made from: films with what is known of them, moods of directors, and the tastes of a population
 * that no run shares. No film that came out after the knowledge's end is named, and nothing follows from quality, latent factors or the
 * platform's popularity (docs/world.md).
 */
export function makeCorpus({ twin = false, world, size = CORPUS_SIZE }: CorpusRequest = {}): Corpus {
  const platform = imaginedPlatform(
    makeCorpusPlatform({ twin, ...(world !== undefined && { size: world }) }),
  );
  const random = Random.fromSeed("llmrec-bench/corpus-words/1");
  const inventor = new Inventor(platform.catalogue);
  return {
    names: platform.catalogue.directors.map(({ name }) => name),
    knowledge: knowledge(random.fork("knowledge"), platform, size),
    drills: [
      ...Array.from({ length: size.drills }, (_, number) =>
        drillDocument(
          random.fork(`drill/${number}`),
          { catalogue: platform.catalogue, inventor },
          DRILL_PAIRS,
        ),
      ),
      ...Array.from({ length: size.requests }, (_, number) =>
        requestDrill(random.fork(`request/${number}`), platform),
      ),
    ],
    tastes: [
      ...Array.from({ length: size.viewers }, (_, user) =>
        tastes(random.fork(`viewer/${user}`), platform, user, inventor, size),
      ).flat(),
      ...Array.from({ length: size.dialogues }, (_, number) =>
        dialogueDocument(random.fork(`dialogue/${number}`), platform, number),
      ),
    ],
  };
}

/** Pairs of verdicts in a drill. */
const DRILL_PAIRS = 6;

/** A film twice as popular is not told of twice as often: the rare ones must be learnt, too. */
const POPULARITY_POWER = 0.3;
/** No film has fewer texts. */
const FEWEST = 4;

function knowledge(random: Random, { catalogue, popularity }: Platform, size: CorpusSize): Document[] {
  const cards = knownFilmCards(catalogue);
  const weights = cards.map(({ item }) => Math.exp(POPULARITY_POWER * popularity.languageModel[item]));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const count = (n: number) =>
    Math.max(FEWEST, Math.round((size.perFilm * cards.length * weights[n]) / total));
  return [
    ...cards.flatMap((card, n) =>
      Array.from({ length: count(n) }, () => filmDocument(random, catalogue, card)),
    ),
    ...catalogue.directors.flatMap((_, director) =>
      Array.from({ length: size.perDirector }, () => moodDocument(random, catalogue, director)),
    ),
  ];
}

function tastes(
  random: Random,
  platform: Platform,
  user: number,
  inventor: Inventor,
  size: CorpusSize,
): Document[] {
  const { catalogue } = platform;
  const viewer = viewerOf(platform, user);
  const teller = { catalogue, viewer, inventor };
  const times = (count: number, make: () => Document | undefined) =>
    Array.from({ length: count }, make).filter((document) => document !== undefined);
  return [
    ...times(size.judgements, () => judgementDocument(random, teller, size.pairs)),
    ...times(size.moodLists, () => moodsOfListDocument(random, teller)),
    ...times(size.explanations, () => explanationDocument(random, teller)),
    ...times(size.trails, () => trailDocument(random, platform, viewer)),
    ...times(size.trails, () => genreDocument(random, platform, viewer)),
  ];
}
