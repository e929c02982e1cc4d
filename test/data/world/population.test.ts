import { describe, expect, it } from "vitest";
import {
  KNOWLEDGE_CUTOFF,
  LIKED,
  MONTHS,
  MONTH_SECONDS,
  VARIANCE,
  WORLD_START,
} from "../../../src/data/world/constants.js";
import { GENRE_TRANSITIONS, ownGenres, stationaryGenres, nextGenre } from "../../../src/data/world/genres.js";
import { drawHistory, normalQuantile, rate, userRandom } from "../../../src/data/world/histories.js";
import { makeCorpusPlatform, makePlatform } from "../../../src/data/world/platform.js";
import { makeTruth, normalCdf } from "../../../src/data/world/truth.js";
import { drawNoise, drawTaste, TERMS, utilities, type Term } from "../../../src/data/world/users.js";
import { correlation, histories, mean, small } from "./support.js";

const { catalogue } = small;
const truth = makeTruth(small);

function rowOf(user: number, terms: readonly Term[]): Float32Array {
  const own = userRandom(small, user);
  return utilities(catalogue, drawTaste(own, catalogue), terms, drawNoise(own, catalogue.films.length));
}

describe("utility", () => {
  const users = Array.from({ length: 500 }, (_, user) => user);

  it("has terms of the planned variances over users and films", () => {
    for (const term of TERMS) {
      let [sum, squares, count] = [0, 0, 0];
      for (const user of users) {
        for (const value of rowOf(user, [term])) {
          sum += value;
          squares += value * value;
          count++;
        }
      }
      const variance = squares / count - (sum / count) ** 2;
      // 500 users and 4 to 16 tastes each: the standard error of the ratio is at most .03.
      expect(variance / VARIANCE[term], term).toBeGreaterThan(0.9);
      expect(variance / VARIANCE[term], term).toBeLessThan(1.1);
      expect(Math.abs(sum / count), term).toBeLessThan(0.06);
    }
  });

  it("has uncorrelated terms, which add up to the whole", () => {
    const rows = TERMS.map((term) => users.slice(0, 200).flatMap((user) => Array.from(rowOf(user, [term]))));
    rows.forEach((a, i) => {
      rows.slice(0, i).forEach((b) => {
        expect(Math.abs(correlation(a, b))).toBeLessThan(0.06);
      });
    });
    const whole = rowOf(7, TERMS);
    const parts = TERMS.map((term) => rowOf(7, [term]));
    whole.forEach((value, n) => {
      expect(value).toBeCloseTo(
        parts.reduce((sum, part) => sum + part[n], 0),
        5,
      );
    });
  });

  it("agrees with a plain reading of the equation", () => {
    const own = userRandom(small, 3);
    const taste = drawTaste(own, catalogue);
    const noise = drawNoise(own, catalogue.films.length);
    const row = utilities(catalogue, taste, TERMS, noise);
    for (const n of [0, 11, 700, 1499]) {
      const film = catalogue.films[n];
      const weights = film.genres.map((_, place) => (place === 0 ? 1 : 0.6));
      const length = Math.hypot(...weights);
      const genre = film.genres.reduce(
        (sum, g, place) => sum + (taste.genre[g] * weights[place]) / length,
        0,
      );
      const mood = catalogue.directors[film.director].mood;
      const blend = catalogue.blends.reduce(
        (sum, { genres, moods }, r) =>
          sum + (moods.includes(mood) && film.genres.some((g) => genres.includes(g)) ? taste.blend[r] : 0),
        0,
      );
      const latent = taste.latent.reduce((sum, x, k) => sum + x * catalogue.latent[n * 4 + k], 0);
      const expected =
        0.5 * catalogue.quality[n] +
        0.5 * genre +
        Math.sqrt(0.2) * taste.mood[mood] +
        Math.sqrt(0.15) * catalogue.blendScale * blend +
        Math.sqrt(0.2) * latent +
        Math.sqrt(0.2) * noise[n];
      expect(row[n]).toBeCloseTo(expected, 5);
    }
  });
});

describe("histories", () => {
  it("are the same again, whatever was drawn before, and the same films in a larger population", () => {
    const again = drawHistory(makePlatform({ size: "small", seed: 1 }), 123);
    expect(again).toEqual(histories[123]);
    expect(drawHistory(small, 124)).not.toEqual(histories[123]);
  });

  it("differ between seeds, and share nobody with the corpus's population", () => {
    const other = makePlatform({ size: "small", seed: 2 });
    const corpus = makeCorpusPlatform({ size: "small" });
    expect(other.catalogue).toEqual(catalogue);
    expect(corpus.catalogue).toEqual(catalogue);
    const tastes = [small, other, corpus].map((platform) =>
      Array.from({ length: 200 }, (_, user) => drawTaste(userRandom(platform, user), catalogue).genre[0]),
    );
    expect(new Set(tastes.flat()).size).toBe(600);
    expect(Math.abs(correlation(tastes[0], tastes[2]))).toBeLessThan(0.25);
  });

  it("come to the number of interactions asked for, within 2 per cent, with a long tail", () => {
    const lengths = histories.map((history) => history.films.length);
    expect(Math.abs(mean(lengths) / 75 - 1)).toBeLessThan(0.02);
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(18);
    expect(Math.max(...lengths)).toBeGreaterThan(200);
  });

  it("hold no film twice, none before its release, and strictly increasing times within the world", () => {
    for (const { films, times } of histories) {
      expect(new Set(films).size).toBe(films.length);
      expect(films.every((film, n) => times[n] >= catalogue.films[film].released)).toBe(true);
      expect(times.every((time, n) => n === 0 || time > times[n - 1])).toBe(true);
      expect(times[0]).toBeGreaterThanOrEqual(WORLD_START);
      expect(times[times.length - 1]).toBeLessThan(WORLD_START + MONTHS * MONTH_SECONDS);
    }
  });

  it("follow the exposure law: what is seen agrees with what the truth expects", () => {
    const expected = new Float64Array(catalogue.films.length);
    const seen = new Float64Array(catalogue.films.length);
    let [own, others] = [0, 0];
    histories.slice(0, 300).forEach((history, user) => {
      const shares = truth.exposures(user);
      expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 4);
      const stranger = truth.exposures(user + 1);
      const late = history.films.filter((_, n) => history.times[n] >= KNOWLEDGE_CUTOFF);
      shares.forEach((share, film) => (expected[film] += share * late.length));
      for (const film of late) {
        seen[film]++;
        own += Math.log(shares[film]);
        others += Math.log(stranger[film]);
      }
    });
    expect(correlation(expected, seen)).toBeGreaterThan(0.85);
    expect(own).toBeGreaterThan(others + 1000);
  });

  it("give every star a share, and likes to about half of what is seen", () => {
    const counts = [0, 0, 0, 0, 0];
    for (const { ratings } of histories) for (const rating of ratings) counts[rating - 1]++;
    const total = counts.reduce((a, b) => a + b, 0);
    for (const count of counts) expect(count / total).toBeGreaterThan(0.04);
    expect((counts[3] + counts[4]) / total).toBeGreaterThan(0.45);
    expect((counts[3] + counts[4]) / total).toBeLessThan(0.65);
  });

  it("are rated by thresholds", () => {
    expect([-2, -0.65, -0.64, 0.5, 1.2, 3].map(rate)).toEqual([1, 1, 2, 3, 4, 5]);
  });

  it("are liked with the probability that the truth gives", () => {
    const [predicted, observed] = [Array<number>(5).fill(0), Array<number>(5).fill(0)];
    const counts = Array<number>(5).fill(0);
    histories.slice(0, 400).forEach((history, user) => {
      const probabilities = truth.likeProbabilities(user);
      history.films.forEach((film, n) => {
        const bin = Math.min(4, Math.floor(probabilities[film] * 5));
        counts[bin]++;
        predicted[bin] += probabilities[film];
        observed[bin] += history.ratings[n] >= LIKED ? 1 : 0;
      });
    });
    counts.forEach((count, bin) => {
      // Thousands of cases a bin: a standard error below .01.
      expect(count).toBeGreaterThan(1500);
      expect(Math.abs(predicted[bin] - observed[bin]) / count).toBeLessThan(0.02);
    });
  });
});

describe("genre dynamics", () => {
  it("has an asymmetric transition matrix whose rows sum to 1", () => {
    for (const row of GENRE_TRANSITIONS) expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    const ratios = GENRE_TRANSITIONS.map((row, g) => row[(g + 1) % 16] / GENRE_TRANSITIONS[(g + 1) % 16][g]);
    expect(ratios.filter((ratio) => ratio > 2).length).toBeGreaterThanOrEqual(14);
  });

  it("has the stationary distribution of its chain", () => {
    const own = ownGenres(drawTaste(userRandom(small, 5), catalogue));
    const shares = stationaryGenres(own);
    const next = new Float64Array(own.length);
    shares.forEach((share, g) => {
      nextGenre(own, g).forEach((p, to) => (next[to] += share * p));
    });
    next.forEach((p, g) => {
      expect(p).toBeCloseTo(shares[g], 10);
    });
  });

  it("predicts the genre of the next liked film as often as it comes true", () => {
    let [predicted, observed, surprise, blind] = [0, 0, 0, 0];
    histories.slice(0, 200).forEach((history, user) => {
      const liked = Array.from(history.films).filter((_, n) => history.ratings[n] >= LIKED);
      const chain = truth.likedGenreChain(user);
      for (let n = 1; n < liked.length; n++) {
        const [last, next] = [catalogue.mainGenre[liked[n - 1]], catalogue.mainGenre[liked[n]]];
        predicted += Math.max(...chain[last]);
        observed += chain[last].indexOf(Math.max(...chain[last])) === next ? 1 : 0;
        surprise -= Math.log(chain[last][next]);
        blind -= Math.log(chain[(last + 5) % 16][next]);
      }
    });
    expect(observed / predicted).toBeGreaterThan(0.93);
    expect(observed / predicted).toBeLessThan(1.07);
    expect(surprise).toBeLessThan(0.9 * blind);
  });

  it("has about 4.5 genres among ten future liked films, from 1 to 9", () => {
    const counts = new Array<number>(11).fill(0);
    for (const history of histories) {
      const liked = history.films.filter((_, n) => history.ratings[n] >= LIKED);
      for (let n = 10; n + 10 <= liked.length; n++)
        counts[new Set(Array.from(liked.subarray(n, n + 10), (film) => catalogue.mainGenre[film])).size]++;
    }
    const total = counts.reduce((a, b) => a + b, 0);
    const average = counts.reduce((sum, count, size) => sum + count * size, 0) / total;
    expect(average).toBeGreaterThan(4.2);
    expect(average).toBeLessThan(4.8);
    expect(counts.slice(1, 10).every((count) => count > 0)).toBe(true);
    expect(counts[10] / total).toBeLessThan(0.001);
  });
});

describe("normal distribution", () => {
  it("has a quantile function that inverts its distribution function", () => {
    // scipy.stats.norm.ppf([0.001, 0.3, 0.975]); norm.cdf([-1, 0.5, 2])
    expect(normalQuantile(0.001)).toBeCloseTo(-3.090232306167813, 7);
    expect(normalQuantile(0.3)).toBeCloseTo(-0.5244005127080409, 7);
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 7);
    expect(normalCdf(-1)).toBeCloseTo(0.15865525393145707, 6);
    expect(normalCdf(0.5)).toBeCloseTo(0.6914624612740131, 6);
    expect(normalCdf(2)).toBeCloseTo(0.9772498680518208, 6);
  });
});
