import type { Mention, Turn } from "../../data/dialogue.js";
import { withoutYear } from "../../data/film-title.js";
import type { RunContext } from "../../recommenders/recommender.js";
import type { ConversationTraining } from "../../tasks/conversation.js";
import { type Adapted, adaptedScores, gateShare } from "./adapt.js";
import { dialoguePrompt } from "./prompts.js";
import { queryStates } from "./queries.js";

/** Shorter titles are taken for a film only in quotes: "It" is a word as well. */
const SHORT = 4;

/** The films that a text names, by their titles, with or without the year, as whole words; of overlapping ones the longest. */
export function spotTitles(text: string, titles: readonly string[], items: ArrayLike<number>): Mention[] {
  const lower = text.toLowerCase();
  const found: Mention[] = [];
  const names = Array.from(items).flatMap((item) =>
    [...new Set([titles[item], withoutYear(titles[item])])].map(
      (name) => [name.toLowerCase(), item] as const,
    ),
  );
  const byLength = names
    .filter(([title]) => title !== "")
    .sort(([a, m], [b, n]) => b.length - a.length || m - n);
  for (const [title, item] of byLength) {
    for (let start = lower.indexOf(title); start >= 0; start = lower.indexOf(title, start + 1)) {
      const end = start + title.length;
      const [before, after] = [lower.charAt(start - 1), lower.charAt(end)];
      const isWhole = !/[\p{L}\p{N}]/u.test(before) && !/[\p{L}\p{N}]/u.test(after);
      const isQuoted = /["“]/u.test(before) && /["”]/u.test(after);
      const isTaken = found.some((other) => start < other.end && other.start < end);
      if (isWhole && !isTaken && (title.length >= SHORT || isQuoted)) found.push({ item, start, end });
    }
  }
  return found.sort((a, b) => a.start - b.start);
}

/** One recommendation and what speaks for it. */
interface Suggestion {
  readonly item: number;
  /** The film named before whose embedding is nearest, and the cosine; null where none was named. */
  readonly nearest: { readonly item: number; readonly cosine: number } | null;
}

export interface ChatAnswer {
  /** Best first; items of the catalogue that were not named before. */
  readonly suggestions: readonly Suggestion[];
  /** Films of the catalogue that the last words name. */
  readonly spotted: readonly number[];
  /** The language model's share of the scores; undefined without a gate. */
  readonly share: number | undefined;
}

/** A conversation with an adapted model: it recommends at each turn, from the catalogue alone, and never what was named. */
export class Chat {
  private readonly turns: Turn[] = [];

  constructor(
    private readonly train: Pick<ConversationTraining, "items" | "candidates">,
    private readonly adapted: Adapted,
    private readonly length: number,
  ) {}

  /** The seeker says something; words that name nothing of the catalogue are only words. */
  async say(text: string, context: RunContext): Promise<ChatAnswer> {
    const { items, candidates } = this.train;
    const all = Int32Array.from(items.keys.keys());
    const mentions = spotTitles(text, items.titles, all);
    this.turns.push({ role: "seeker", text, mentions });
    const mentioned = [...new Set(this.turns.flatMap((turn) => turn.mentions.map(({ item }) => item)))];
    const asked = {
      dialogue: -1,
      turn: this.turns.length,
      name: `chat#${this.turns.length}`,
      user: -1,
      time: NaN,
      context: this.turns,
      mentioned,
    };
    const queries = await queryStates([dialoguePrompt(this.turns)], context);
    const scores = await adaptedScores(this.adapted, [asked], queries, context.signal);
    const named = new Set(mentioned);
    const best = Array.from(candidates)
      .filter((item) => !named.has(item))
      .sort((a, b) => scores[b] - scores[a] || a - b)
      .slice(0, this.length);
    this.turns.push(this.answerTurn(best));
    return {
      suggestions: best.map((item) => ({ item, nearest: this.nearest(item, mentioned) })),
      spotted: [...new Set(mentions.map(({ item }) => item))],
      share: gateShare(this.adapted.weights),
    };
  }

  /** What the recommender said, for what is said next: films without their year, as people name them. */
  private answerTurn(best: readonly number[]): Turn {
    let text = "Try ";
    const mentions = best.map((item, n): Mention => {
      if (n > 0) text += n === best.length - 1 ? " or " : ", ";
      const start = text.length;
      text += withoutYear(this.train.items.titles[item]);
      return { item, start, end: text.length };
    });
    return { role: "recommender", text: `${text}.`, mentions };
  }

  private nearest(item: number, mentioned: readonly number[]): Suggestion["nearest"] {
    let best: Suggestion["nearest"] = null;
    for (const other of mentioned) {
      const cosine = this.cosine(item, other);
      if (best === null || cosine > best.cosine) best = { item: other, cosine };
    }
    return best;
  }

  private cosine(a: number, b: number): number {
    const { width, data } = this.adapted.embeddings;
    let [dot, normA, normB] = [0, 0, 0];
    for (let d = 0; d < width; d++) {
      const [x, y] = [data[a * width + d], data[b * width + d]];
      dot += x * y;
      normA += x * x;
      normB += y * y;
    }
    const norm = Math.sqrt(normA * normB);
    return norm === 0 ? 0 : dot / norm;
  }
}
