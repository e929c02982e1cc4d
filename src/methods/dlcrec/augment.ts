import type { Random } from "../../core/random.js";
import { type GenreSample, genreSample, type ItemSample, type Sample } from "./samples.js";

/** The most genres that GF-D asks for. */
const MOST_GENRES = 10;

/** How often items and genres occur in the histories of the sampled windows: what augmentation draws from. */
export interface Frequencies {
  readonly items: Float64Array;
  readonly genres: Float64Array;
  readonly genreOf: Int32Array;
}

/** Counts over histories alone: no future item takes part. */
export function frequenciesOf(
  samples: readonly Pick<Sample, "history">[],
  genreOf: Int32Array,
  genreCount: number,
): Frequencies {
  const items = new Float64Array(genreOf.length);
  const genres = new Float64Array(genreCount);
  for (const { history } of samples) {
    for (const item of history) {
      items[item]++;
      if (genreOf[item] >= 0) genres[genreOf[item]]++;
    }
  }
  return { items, genres, genreOf };
}

/**
 * GF-N: one genre of the set, drawn evenly, gives way to one that is not in it, drawn by frequency, in the set and at every place: GP
 * errs like that.
 * @returns undefined where no other genre is known.
 */
export function noisyGenres(
  sample: Sample,
  { genres: weights, genreOf }: Frequencies,
  random: Random,
): GenreSample | undefined {
  const { history, genres, slots } = genreSample(sample, genreOf);
  const out = random.pick(genres);
  const into = drawOther(weights, new Set(genres), random);
  if (into === undefined) return undefined;
  const changed = (genre: number) => (genre === out ? into : genre);
  return { history, genres: genres.map(changed), slots: slots.map(changed) };
}

/**
 * GF-D: as many genres as a number drawn evenly from 1..10 says. With fewer than there are, the commonest stay, and each place of
 * another genre is drawn anew from those by frequency. With more, further genres are drawn by frequency, and from left to right each
 * place whose genre has come before takes the next of them.
 */
export function spreadGenres(
  sample: Sample,
  { genres: weights, genreOf }: Frequencies,
  random: Random,
): GenreSample {
  const { history, genres, slots } = genreSample(sample, genreOf);
  const count = 1 + random.int(Math.min(MOST_GENRES, slots.length));
  if (count <= genres.length) {
    const kept = genres.slice(0, count);
    const shares = kept.map((genre) => weights[genre]);
    const draw = () =>
      shares.some((share) => share > 0) ? kept[random.weighted(shares)] : random.pick(kept);
    return {
      history,
      genres: kept,
      slots: slots.map((genre) => (kept.includes(genre) ? genre : draw())),
    };
  }
  const known = new Set(genres);
  const extra: number[] = [];
  while (genres.length + extra.length < count) {
    const next = drawOther(weights, known, random);
    if (next === undefined) break;
    known.add(next);
    extra.push(next);
  }
  const met = new Set<number>();
  let used = 0;
  const spread = slots.map((genre) => {
    if (!met.has(genre)) {
      met.add(genre);
      return genre;
    }
    return used < extra.length ? extra[used++] : genre;
  });
  return { history, genres: [...genres, ...extra], slots: spread };
}

/**
 * IP-N: each future item gives way with the given probability to one drawn by frequency that is neither in the history nor in the list,
 * and brings its own genre: GF errs like that.
 */
export function noisyItems(
  sample: Sample,
  { items: weights, genreOf }: Frequencies,
  rate: number,
  random: Random,
): ItemSample {
  const taken = new Set([...sample.history, ...sample.future]);
  const items = Array.from(sample.future, (item) => {
    if (random.uniform() >= rate) return item;
    const next = drawOther(weights, taken, random);
    if (next === undefined) return item;
    taken.add(next);
    return next;
  });
  return { history: sample.history, slots: items.map((item) => genreOf[item]), items };
}

/**
 * IP-D: GF-D's places, and at each that has another genre than before an item of that genre drawn by frequency; the others keep theirs.
 * @param strict - the published code's defect: where GF-D has no more genres than the window, the sample has no future at all.
 */
export function spreadItems(
  sample: Sample,
  frequencies: Frequencies,
  random: Random,
  strict: boolean,
): ItemSample {
  const { items: weights, genreOf } = frequencies;
  const before = genreSample(sample, genreOf);
  const { genres, slots } = spreadGenres(sample, frequencies, random);
  const { history, future } = sample;
  if (strict && genres.length <= before.genres.length) return { history, slots: [], items: [] };
  const taken = new Set([...history, ...future]);
  const items = slots.map((genre, place) => {
    if (genre === before.slots[place]) return future[place];
    const inGenre = weights.map((weight, item) => (genreOf[item] === genre ? weight : 0));
    const next = drawOther(inGenre, taken, random);
    if (next === undefined) return future[place];
    taken.add(next);
    return next;
  });
  return { history, slots: items.map((item) => genreOf[item]), items };
}

/** An index drawn by weight among those not taken; undefined where none has a weight. */
function drawOther(weights: Float64Array, taken: ReadonlySet<number>, random: Random): number | undefined {
  const open = weights.map((weight, index) => (taken.has(index) ? 0 : weight));
  return open.some((weight) => weight > 0) ? random.weighted(open) : undefined;
}
