import type { Random } from "../../core/random.js";
import type { Catalogue } from "../../data/world/catalogue.js";
import { utilities } from "../../data/world/users.js";
import { Inventor, spokenTaste, type Subject } from "./subjects.js";
import type { InferredTaste } from "./infer-taste.js";

/** A film with the verdict that follows from an inferred taste. */
export interface Target {
  readonly film: Subject;
  readonly likes: boolean;
}

/** How far a verdict must be from undecided, in standard deviations of the taste for known films; and how far a decided one. */
const MARGINS = { any: 0.35, decided: 1 } as const;
/** So many made-up films are thought of for each that is told of. */
const TRIES = 6;

/** Draws films to judge by one taste. */
export class TargetDrawer {
  private readonly known: readonly number[];
  private readonly taste: Float32Array;
  private readonly middle: number;
  private readonly margin: number;

  constructor(
    private readonly catalogue: Catalogue,
    private readonly inventor: Inventor,
    private readonly inferred: InferredTaste,
    verdicts: keyof typeof MARGINS = "any",
  ) {
    this.known = catalogue.films.flatMap((film, n) => (film.isNew ? [] : [n]));
    this.taste = utilities(catalogue, inferred, ["genre", "mood", "blend"]);
    const values = this.known.map((n) => this.taste[n]);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    this.middle = mean;
    this.margin = MARGINS[verdicts] * Math.sqrt(variance);
  }

  /**
   * As many liked films as others, shuffled. Every second pair has equal genres (or, of the catalogue, one main genre), so that
   * genre alone can't tell the two apart; every second pair is made up, so that what is learnt holds for films never heard of.
   */
  draw(random: Random, pairs: number, without: ReadonlySet<number>): Target[] {
    const targets: Target[] = [];
    for (let attempt = 0; attempt < 4 * pairs && targets.length < 2 * pairs; attempt++) {
      const isHard = random.uniform() < 0.5;
      const films =
        random.uniform() < 0.5 ? this.madeUp(random, isHard) : this.fromCatalogue(random, isHard, without);
      const byTaste = films.map(({ film, total }) => ({ film, above: total - this.middle }));
      const liked = byTaste.filter(({ above }) => above > this.margin);
      const others = byTaste.filter(({ above }) => above < -this.margin);
      if (liked.length === 0 || others.length === 0) continue;
      targets.push(
        { film: random.pick(liked).film, likes: true },
        { film: random.pick(others).film, likes: false },
      );
    }
    return random.shuffle(targets);
  }

  private madeUp(random: Random, isHard: boolean): { film: Subject; total: number }[] {
    const first = this.inventor.film(random);
    const films = [first];
    while (films.length < TRIES) films.push(this.inventor.film(random, isHard ? first.genres : undefined));
    return films.map((film) => ({ film, total: spokenTaste(this.catalogue, this.inferred, film).total }));
  }

  private fromCatalogue(
    random: Random,
    isHard: boolean,
    without: ReadonlySet<number>,
  ): { film: Subject; total: number }[] {
    const { films, mainGenre } = this.catalogue;
    const genre = mainGenre[random.pick(this.known)];
    const candidates = this.known.filter((n) => !without.has(n) && (!isHard || mainGenre[n] === genre));
    return candidates.map((n) => ({ film: films[n], total: this.taste[n] }));
  }
}
