import { EXPOSURE, KNOWLEDGE_CUTOFF, LIKED } from "../../../src/data/world/constants.js";
import type { History, Platform } from "../../../src/data/world/histories.js";
import { makeJudge, STAR_UTILITY, type JudgeKind } from "../../../src/data/world/judge.js";
import { permutedDirectorMoods } from "../../../src/data/world/knowledge.js";
import { makeTruth } from "../../../src/data/world/truth.js";
import { KNOWABLE } from "../../../src/data/world/users.js";
import { GENRES } from "../../../src/data/world/words.js";
import { auc, gauc } from "../../../src/metrics/ctr/auc.js";
import { correlation, mean } from "./support.js";

/**
 * The figures that say whether the world can tell methods apart (docs/world.md, "Acceptance"), from the histories of
 * the first users of a platform.
 */
export class Acceptance {
  private readonly truth;

  constructor(
    private readonly platform: Platform,
    private readonly histories: readonly History[],
  ) {
    this.truth = makeTruth(platform);
  }

  /** AUC of like against not, over pairs after the cut-off, for judges who know the user's taste. */
  knownTaste(
    isNew: boolean,
  ): Record<"cases" | "content" | "knowledge" | "latent" | "knowable" | "oracle", number> {
    const { truth } = this;
    const pairs = this.ratedPairs(isNew);
    return {
      cases: pairs.length,
      content: aucOf(pairs, (user) => truth.contentUtilities(user)),
      knowledge: aucOf(pairs, (user) => truth.utilities(user, ["genre", "mood", "blend"])),
      latent: aucOf(pairs, (user) => truth.utilities(user, ["latent"])),
      knowable: aucOf(pairs, (user) => truth.utilities(user, KNOWABLE)),
      oracle: aucOf(pairs, (user) => truth.utilities(user)),
    };
  }

  /**
   * AUC on new films for judges who infer taste from the user's ratings before the cut-off (users who have none are
   * left out), over all pairs, and within pairs of one user and one main genre (where a look-up of genres is worth nothing); and Recall@20 of new films.
   */
  inferredTaste(): Record<"content" | "knowledge" | "twin", Judged> {
    const { catalogue } = this.platform;
    const twin = permutedDirectorMoods(catalogue);
    return {
      content: this.judged("content"),
      knowledge: this.judged("knowledge"),
      twin: this.judged({ moods: twin }),
    };
  }

  private judged(kind: JudgeKind): Judged {
    const { catalogue } = this.platform;
    const means = this.filmMeans();
    const targets = catalogue.films.flatMap((film, n) => (film.isNew ? [n] : []));
    const judge = makeJudge(catalogue, kind);
    const rows = this.histories.map((history) => {
      const past = Array.from(history.films.keys()).filter((n) => history.times[n] < KNOWLEDGE_CUTOFF);
      const scores = judge(
        past.map((n) => history.films[n]),
        past.map((n) => STAR_UTILITY[history.ratings[n]] - means[history.films[n]]),
        targets,
      );
      const row = new Float64Array(catalogue.films.length);
      targets.forEach((film, k) => (row[film] = scores[k]));
      return row;
    });
    const pairs = this.ratedPairs(true).filter(
      ({ user }) => this.histories[user].times[0] < KNOWLEDGE_CUTOFF,
    );
    const groups = pairs.map(({ user, film }) => user * GENRES.length + catalogue.mainGenre[film]);
    const labels = pairs.map(({ liked }) => liked);
    const scores = pairs.map(({ user, film }) => rows[user][film]);
    return {
      auc: auc(labels, scores),
      withinGenre: gauc(labels, scores, groups).gauc,
      recall: this.recallOfNew(rows, targets),
    };
  }

  /**
   * Recall@20 of new films, over users with a past who saw some: ranked by log P(genre) from the user's past (drawn
   * towards all users' with the weight of five), spread over the genre's new films, plus the exposure law's 1.2 times
   * the judged taste.
   */
  private recallOfNew(rows: readonly Float64Array[], targets: readonly number[]): number {
    const { catalogue } = this.platform;
    const overall = new Float64Array(GENRES.length);
    const own = this.histories.map((history) => {
      const counts = new Float64Array(GENRES.length);
      history.films.forEach((film, n) => {
        if (history.times[n] < KNOWLEDGE_CUTOFF) counts[catalogue.mainGenre[film]]++;
      });
      counts.forEach((count, genre) => (overall[genre] += count));
      return counts;
    });
    const total = overall.reduce((a, b) => a + b, 0);
    const size = GENRES.map((_, g) => targets.filter((film) => catalogue.mainGenre[film] === g).length);
    const recalls = this.histories.flatMap((history, user) => {
      const seen = new Set(history.films.filter((film) => catalogue.films[film].isNew));
      if (seen.size === 0 || history.times[0] >= KNOWLEDGE_CUTOFF) return [];
      const score = (film: number): number => {
        const genre = catalogue.mainGenre[film];
        const share = own[user][genre] + (5 * overall[genre]) / total;
        return Math.log(share / size[genre]) + EXPOSURE.utility * rows[user][film];
      };
      const scores = new Map(targets.map((film) => [film, score(film)]));
      const top = [...targets].sort((a, b) => (scores.get(b) ?? 0) - (scores.get(a) ?? 0)).slice(0, 20);
      return [top.filter((film) => seen.has(film)).length / seen.size];
    });
    return mean(recalls);
  }

  /** Correlation, over pairs of warm films of one genre, of how often they are seen together with z.z. */
  latentShown(): number {
    const { catalogue } = this.platform;
    const seenBy = catalogue.films.map(() => new Set<number>());
    this.histories.forEach((history, user) => {
      history.films.forEach((film, n) => {
        if (history.times[n] < KNOWLEDGE_CUTOFF) seenBy[film].add(user);
      });
    });
    const cosines: number[] = [];
    const alikeness: number[] = [];
    for (const group of catalogue.byGenre) {
      const known = Array.from(group).filter((film) => seenBy[film].size >= 20);
      known.forEach((a, i) => {
        for (const b of known.slice(0, i)) {
          let shared = 0;
          for (const user of seenBy[a]) if (seenBy[b].has(user)) shared++;
          cosines.push(shared / Math.sqrt(seenBy[a].size * seenBy[b].size));
          let product = 0;
          for (let k = 0; k < 4; k++) product += catalogue.latent[a * 4 + k] * catalogue.latent[b * 4 + k];
          alikeness.push(product);
        }
      });
    }
    return correlation(cosines, alikeness);
  }

  /** Share of the genres of the next ten liked films that are among as many genres named, over windows of ten and ten. */
  genreRecall(): Record<"overall" | "history" | "oracle", number> {
    const { catalogue } = this.platform;
    const shares = new Float64Array(GENRES.length);
    const sequences = this.histories.map((history) =>
      Array.from(history.films).flatMap((film, n) =>
        history.ratings[n] >= LIKED ? [catalogue.mainGenre[film]] : [],
      ),
    );
    for (const sequence of sequences) for (const genre of sequence) shares[genre]++;
    const recalls = { overall: [] as number[], history: [] as number[], oracle: [] as number[] };
    sequences.forEach((sequence, user) => {
      const chain = this.truth.likedGenreChain(user);
      for (let n = 10; n + 10 <= sequence.length; n += 10) {
        const future = new Set(sequence.slice(n, n + 10));
        const past = new Float64Array(GENRES.length);
        // Of two genres equally common, the more recent comes first.
        sequence.slice(n - 10, n).forEach((genre, k) => (past[genre] += 1 + k / 1000));
        const recall = (weights: ArrayLike<number>): number =>
          mostOf(weights, future.size).filter((genre) => future.has(genre)).length / future.size;
        recalls.overall.push(recall(shares));
        recalls.history.push(recall(past));
        recalls.oracle.push(recall(appearances(chain, sequence[n - 1], 10)));
      }
    });
    return { overall: mean(recalls.overall), history: mean(recalls.history), oracle: mean(recalls.oracle) };
  }

  private ratedPairs(isNew: boolean): Pair[] {
    const { films } = this.platform.catalogue;
    return this.histories.flatMap((history, user) =>
      Array.from(history.films).flatMap((film, n) =>
        history.times[n] >= KNOWLEDGE_CUTOFF && films[film].isNew === isNew
          ? [{ user, film, liked: history.ratings[n] >= LIKED ? 1 : 0 }]
          : [],
      ),
    );
  }

  /** Mean utility that past ratings tell of each film, drawn towards the mean of all with the weight of five ratings. */
  private filmMeans(): Float64Array {
    const sums = new Float64Array(this.platform.catalogue.films.length);
    const counts = new Float64Array(sums.length);
    this.histories.forEach((history) => {
      history.films.forEach((film, n) => {
        if (history.times[n] >= KNOWLEDGE_CUTOFF) return;
        sums[film] += STAR_UTILITY[history.ratings[n]];
        counts[film]++;
      });
    });
    const overall = sums.reduce((a, b) => a + b, 0) / counts.reduce((a, b) => a + b, 0);
    return sums.map((sum, film) => (sum + 5 * overall) / (counts[film] + 5));
  }
}

export interface Judged {
  readonly auc: number;
  readonly withinGenre: number;
  readonly recall: number;
}

interface Pair {
  readonly user: number;
  readonly film: number;
  readonly liked: number;
}

function aucOf(pairs: readonly Pair[], rowOf: (user: number) => ArrayLike<number>): number {
  const rows = new Map<number, ArrayLike<number>>();
  const scores = pairs.map(({ user, film }) => {
    const row = rows.get(user) ?? rowOf(user);
    rows.set(user, row);
    return row[film];
  });
  return auc(
    pairs.map((pair) => pair.liked),
    scores,
  );
}

function mostOf(weights: ArrayLike<number>, count: number): number[] {
  return Array.from(weights)
    .map((_, genre) => genre)
    .sort((a, b) => weights[b] - weights[a])
    .slice(0, count);
}

/** P(genre appears in the next steps of the chain), taking the steps as independent. */
function appearances(chain: readonly Float64Array[], start: number, steps: number): Float64Array {
  let now = Float64Array.from(chain, (_, genre) => (genre === start ? 1 : 0));
  const missing = now.map(() => 1);
  for (let step = 0; step < steps; step++) {
    const next = new Float64Array(now.length);
    now.forEach((weight, from) => {
      chain[from].forEach((p, to) => (next[to] += weight * p));
    });
    now = next;
    now.forEach((p, genre) => (missing[genre] *= 1 - p));
  }
  return missing.map((p) => 1 - p);
}
