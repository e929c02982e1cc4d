import type { Catalogue } from "../../../src/data/world/catalogue.js";
import { DIALOGUE, EXPOSURE } from "../../../src/data/world/constants.js";
import type { Need } from "../../../src/data/world/dialogue-facts.js";
import { drawDialogue, drawNeed, statedLogits } from "../../../src/data/world/dialogues.js";
import { ownGenres } from "../../../src/data/world/genres.js";
import { exponentials, userRandom, type Platform } from "../../../src/data/world/histories.js";
import { drawTaste, KNOWABLE, utilities, type Taste } from "../../../src/data/world/users.js";
import { GENRES } from "../../../src/data/world/words.js";

/** Mean log2 P(target | what is known), in bits, over dialogues. */
export interface Information {
  neither: number;
  text: number;
  mentions: number;
  both: number;
}

/**
 * How much of the target's uncertainty is removed by the words alone, by the liked films alone, and by both. The
 * posterior is a weighted pool of `size` users drawn from the world's prior, each with every genre of the evening. Its
 * log falls short a little while the pool is finite, more so for the films (which tell of tastes of many dimensions)
 * than for the words: the figure for films is a lower bound.
 */
export function measureInformation(
  platform: Platform,
  dialogues: readonly number[],
  size: number,
): Information {
  const pool = Array.from({ length: size }, (_, k) => poolMember(platform, 1_000_000 + k));
  const { catalogue } = platform;
  const films = catalogue.films.length;
  const sums = { neither: 0, text: 0, mentions: 0, both: 0 };
  for (const number of dialogues) {
    const { month, need, liked, targets } = drawDialogue(platform, number);
    const exposure = platform.exposure.subarray(month * films, (month + 1) * films);
    const stated = exponentials(statedLogits(catalogue, need), 1);
    const totals = { neither: [0, 0], text: [0, 0], mentions: [0, 0], both: [0, 0] };
    for (const member of pool) {
      const own = probabilities(catalogue, member.wanted, exposure, member.stated, [targets[0]]);
      const told = probabilities(catalogue, member.wanted, exposure, stated, [targets[0]]);
      const named = probabilities(catalogue, member.recalled, exposure, null, liked);
      for (let genre = 0; genre < GENRES.length; genre++) {
        const prior = member.genres[genre];
        const free = member.need.unwantedGenre === genre ? 0 : prior;
        const words = prior * wordsLikelihood(member.taste, need, genre);
        add(totals.neither, free, own[genre]);
        add(totals.text, words, told[genre]);
        add(totals.mentions, free * named[genre], own[genre]);
        add(totals.both, words * named[genre], told[genre]);
      }
    }
    for (const known of ["neither", "text", "mentions", "both"] as const)
      sums[known] += Math.log2(totals[known][0] / totals[known][1]) / dialogues.length;
  }
  return sums;
}

function add(total: number[], weight: number, probability: number): void {
  total[0] += weight * probability;
  total[1] += weight;
}

interface Member {
  readonly taste: Taste;
  readonly need: Need;
  readonly genres: Float64Array;
  readonly stated: Float32Array;
  /** exp of the target's and of the recalled films' logits, without popularity, words and tonight's genre. */
  readonly wanted: Float32Array;
  readonly recalled: Float32Array;
}

function poolMember(platform: Platform, user: number): Member {
  const { catalogue } = platform;
  const random = userRandom(platform, user);
  const taste = drawTaste(random, catalogue);
  const need = drawNeed(random.fork("pool"), taste);
  const row = utilities(catalogue, taste, KNOWABLE);
  return {
    taste,
    need,
    genres: ownGenres(taste),
    stated: exponentials(statedLogits(catalogue, need), 1),
    wanted: exponentials(row, EXPOSURE.utility),
    recalled: exponentials(row, DIALOGUE.recall),
  };
}

/** P(the films are drawn, one after the other | tonight's genre), for each genre. */
function probabilities(
  catalogue: Catalogue,
  appeal: Float32Array,
  exposure: Float32Array,
  stated: Float32Array | null,
  films: readonly number[],
): Float64Array {
  const { genreIndex, genreWeight } = catalogue;
  const inGenre = new Float64Array(GENRES.length);
  let all = 0;
  for (let n = 0; n < appeal.length; n++) {
    const weight = appeal[n] * exposure[n] * (stated ? stated[n] : 1);
    all += weight;
    for (let k = n * 3; k < n * 3 + 3; k++) if (genreWeight[k] > 0) inGenre[genreIndex[k]] += weight;
  }
  const lift = Math.exp(DIALOGUE.tonight);
  return inGenre.map((sum, genre) => {
    let total = all + (lift - 1) * sum;
    let probability = 1;
    for (const film of films) {
      const bonus = catalogue.films[film].genres.includes(genre) ? lift : 1;
      const weight = appeal[film] * exposure[film] * (stated ? stated[film] : 1) * bonus;
      probability *= weight / total;
      total -= weight;
    }
    return probability;
  });
}

function wordsLikelihood(taste: Taste, need: Need, tonight: number): number {
  let likelihood = 1;
  if (need.wantedMood !== null)
    likelihood *= Math.exp(taste.mood[need.wantedMood]) / taste.mood.reduce((s, t) => s + Math.exp(t), 0);
  if (need.unwantedMood !== null)
    likelihood *=
      Math.exp(-taste.mood[need.unwantedMood]) /
      taste.mood.reduce((s, t, m) => s + (m === need.wantedMood ? 0 : Math.exp(-t)), 0);
  if (need.unwantedGenre !== null)
    likelihood *= need.unwantedGenre === tonight ? 0 : 1 / (1 - GENRES[tonight].share);
  return likelihood;
}
