import type { Random } from "../../core/random.js";
import { drawDialogue, makeDialogue, targetLogits } from "../../data/world/dialogues.js";
import { type Platform, userRandom } from "../../data/world/histories.js";
import { drawTaste, utilities } from "../../data/world/users.js";
import { GENRES } from "../../data/world/words.js";
import { type TrailEntry, writeTrail } from "../../methods/dlcrec/trail.js";
import { type Document, given, plain } from "./document.js";
import { type Viewer, withOtherHidden } from "./viewer.js";

/** Films of a list and as many that come after it. */
const TRAIL = 10;

/** A stretch of what a viewer liked, film by film with its main genre. */
export function trailDocument(random: Random, platform: Platform, viewer: Viewer): Document | undefined {
  const entries = stretch(random, platform, viewer);
  if (entries === undefined) return undefined;
  return [plain(writeTrail(entries.slice(0, TRAIL)), 0.3), plain(`, ${writeTrail(entries.slice(TRAIL))}`)];
}

/** Which genres came next: as many as there were, the commonest first. */
export function genreDocument(random: Random, platform: Platform, viewer: Viewer): Document | undefined {
  const entries = stretch(random, platform, viewer);
  if (entries === undefined) return undefined;
  const past = entries.slice(0, TRAIL).map(({ title, genre }) => `"${title}" (${genre})`);
  const counts = new Map<string, number>();
  for (const { genre } of entries.slice(TRAIL)) counts.set(genre, (counts.get(genre) ?? 0) + 1);
  const genres = [...counts].sort((a, b) => b[1] - a[1]).map(([name]) => name);
  return [
    given(`Watched: ${past.join(", ")}.\nThe ${genres.length} most likely genres of the next films:`),
    plain(` ${genres.join(", ")}`),
  ];
}

/** Twice {@link TRAIL} films that a viewer liked one after the other. */
function stretch(random: Random, { catalogue }: Platform, { liked }: Viewer): TrailEntry[] | undefined {
  if (liked.length < 2 * TRAIL) return undefined;
  const from = random.int(liked.length - 2 * TRAIL + 1);
  return liked.slice(from, from + 2 * TRAIL).map((film) => ({
    title: catalogue.films[film].title,
    genre: GENRES[catalogue.mainGenre[film]].name,
  }));
}

/** How many films a recommendation names. */
const LISTED = 10;

/**
 * A dialogue up to the recommender's answer, then the films that the language model would name: by what can be told of taste, by what was asked for,
 * and by its own popularity.
 */
export function dialogueDocument(random: Random, platform: Platform, number: number): Document {
  const own = withOtherHidden(platform, `dialogue/${number}`);
  const { user, liked, disliked, month, need } = drawDialogue(own, number);
  const { turns } = makeDialogue(own, number);
  const until = turns.findIndex((turn, n) => n > 1 && turn.role === "recommender");
  const taste = drawTaste(userRandom(platform, user), platform.catalogue);
  const spoken = utilities(platform.catalogue, taste, ["genre", "mood", "blend"]);
  const logits = targetLogits(platform, spoken, month, need).map((logit) => logit + random.gumbel());
  for (const film of [...liked, ...disliked]) logits[film] = -Infinity;
  const best = Array.from(logits.keys())
    .filter((film) => logits[film] > -Infinity)
    .sort((a, b) => logits[b] - logits[a])
    .slice(0, LISTED);
  const said = turns
    .slice(0, until)
    .map(({ role, text }) => `${role === "seeker" ? "User" : "System"}: ${text}`)
    .join("\n");
  const list = best.map((film, n) => `\n${n + 1}. ${platform.catalogue.films[film].title}`).join("");
  return [given(`${said}\nRecommendations:`), plain(list)];
}
