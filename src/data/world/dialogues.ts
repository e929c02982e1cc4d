import type { Random } from "../../core/random.js";
import type { Dialogue } from "../dialogue.js";
import type { Catalogue } from "./catalogue.js";
import { DIALOGUE, EXPOSURE, MONTHS, MONTH_SECONDS, WORLD_START } from "./constants.js";
import type { DialogueFacts, Need } from "./dialogue-facts.js";
import { writeTurns } from "./dialogue-text.js";
import { ownGenres } from "./genres.js";
import { userRandom, type Platform } from "./histories.js";
import { drawNoise, drawTaste, TERMS, utilities, type Taste } from "./users.js";
import { GENRES, MOODS } from "./words.js";

/** Half of the dialogues' months lie after this power of a uniform number: about 32 % of them after the cut-off. */
const GROWTH = 0.75;

/** Draws the facts of one dialogue: a pure function of the platform and the dialogue's number. */
export function drawDialogue(platform: Platform, number: number): DialogueFacts {
  const { catalogue } = platform;
  const random = platform.random.fork(`dialogue/${number}`);
  const user = random.int(platform.users);
  const own = userRandom(platform, user);
  const taste = drawTaste(own, catalogue);
  const utility = utilities(catalogue, taste, TERMS, drawNoise(own, catalogue.films.length));
  const elapsed = random.uniform() ** GROWTH * MONTHS * MONTH_SECONDS;
  const month = Math.floor(elapsed / MONTH_SECONDS);
  const need = drawNeed(random, taste);
  const named = new Set<number>();
  const draw = (logits: Float32Array): number => {
    const film = drawLogits(random, logits, named);
    named.add(film);
    return film;
  };
  const recalled = recallLogits(platform, utility, month, need.tonight);
  const liked = Array.from({ length: 1 + random.weighted([0.25, 0.45, 0.3]) }, () => draw(recalled));
  const disliked = random.uniform() < 0.25 ? [draw(dislikeLogits(platform, utility, month))] : [];
  const logits = targetLogits(platform, utility, month, need);
  const targets = Array.from({ length: random.uniform() < 0.35 ? 2 : 1 }, () => draw(logits));
  return { user, time: WORLD_START + Math.floor(elapsed), month, need, liked, disliked, targets };
}

/** The dialogue in words. */
export function makeDialogue(platform: Platform, number: number): Dialogue {
  const facts = drawDialogue(platform, number);
  const random = platform.random.fork(`dialogue/${number}/words`);
  return {
    id: `d${String(number + 1).padStart(5, "0")}`,
    user: facts.user,
    time: facts.time,
    turns: writeTurns(random, platform.catalogue, facts),
  };
}

/** Draws what a seeker of the given taste wants tonight. */
export function drawNeed(random: Random, taste: Taste): Need {
  const tonight = random.weighted(ownGenres(taste));
  const wishes = taste.mood.map((t) => Math.exp(t));
  const wantedMood = random.uniform() < 0.75 ? random.weighted(wishes) : null;
  const unwantedMood =
    wantedMood === null || random.uniform() < 0.15
      ? random.weighted(taste.mood.map((t, m) => (m === wantedMood ? 0 : Math.exp(-t))))
      : null;
  const unwantedGenre =
    random.uniform() < 0.4
      ? random.weighted(GENRES.map((genre, g) => (g === tonight ? 0 : genre.share)))
      : null;
  return { wantedMood, unwantedMood, unwantedGenre, tonight };
}

/**
 * Logits of the film that the recommender names: `.7 log pi(month) + 1.2 u + need`, where need adds the bonus of the
 * wanted mood and of tonight's genre and takes away the malus of what is ruled out. -Infinity for films not yet out.
 */
export function targetLogits(
  platform: Platform,
  utility: Float32Array,
  month: number,
  need: Need,
): Float32Array {
  const { catalogue } = platform;
  const stated = statedLogits(catalogue, need);
  const logits = seenLogits(platform, utility, month, EXPOSURE.utility);
  addGenre(catalogue, logits, need.tonight, DIALOGUE.tonight);
  for (let n = 0; n < logits.length; n++) logits[n] += stated[n];
  return logits;
}

/** The part of the target's logits that is told in words. */
export function statedLogits(catalogue: Catalogue, need: Omit<Need, "tonight">): Float32Array {
  const byMood = MOODS.map(
    (_, m) =>
      (m === need.wantedMood ? DIALOGUE.wantedMood : 0) - (m === need.unwantedMood ? DIALOGUE.unwanted : 0),
  );
  const logits = Float32Array.from(catalogue.mood, (m) => byMood[m]);
  if (need.unwantedGenre !== null) addGenre(catalogue, logits, need.unwantedGenre, -DIALOGUE.unwanted);
  return logits;
}

/** Logits of the films that come to the seeker's mind as liked: `.7 log pi + rho u + bonus of tonight's genre`. */
export function recallLogits(
  platform: Platform,
  utility: Float32Array,
  month: number,
  tonight: number,
): Float32Array {
  const logits = seenLogits(platform, utility, month, DIALOGUE.recall);
  addGenre(platform.catalogue, logits, tonight, DIALOGUE.tonight);
  return logits;
}

/** Logits of the film that the seeker names as not liked: `.7 log pi - rho u`. */
function dislikeLogits(platform: Platform, utility: Float32Array, month: number): Float32Array {
  return seenLogits(platform, utility, month, -DIALOGUE.recall);
}

function seenLogits(
  platform: Platform,
  utility: Float32Array,
  month: number,
  strength: number,
): Float32Array {
  const offset = month * utility.length;
  const { log } = platform.popularity;
  const exponent = EXPOSURE.popularity;
  const out = new Float32Array(utility.length);
  for (let n = 0; n < out.length; n++) out[n] = exponent * log[offset + n] + strength * utility[n];
  return out;
}

function addGenre(catalogue: Catalogue, logits: Float32Array, genre: number, bonus: number): void {
  const { genreIndex, genreWeight } = catalogue;
  for (let k = 0; k < genreIndex.length; k++) {
    if (genreIndex[k] === genre && genreWeight[k] > 0) logits[(k / 3) | 0] += bonus;
  }
}

function drawLogits(random: Random, logits: Float32Array, without: ReadonlySet<number>): number {
  const most = largest(logits);
  const weights = new Float64Array(logits.length);
  for (let n = 0; n < weights.length; n++) weights[n] = Math.exp(logits[n] - most);
  for (const n of without) weights[n] = 0;
  return random.weighted(weights);
}

/** Logits as log-probabilities. */
export function logSoftmax(logits: Float32Array): Float32Array {
  const most = largest(logits);
  let total = 0;
  for (const logit of logits) total += Math.exp(logit - most);
  const shift = most + Math.log(total);
  return logits.map((logit) => logit - shift);
}

function largest(values: Float32Array): number {
  let most = -Infinity;
  for (const value of values) if (value > most) most = value;
  return most;
}
