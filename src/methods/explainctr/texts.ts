import { itemLine, type ItemTable } from "../../data/dataset.js";
import type { Random } from "../../core/random.js";
import type { ExplainedCase } from "./cases.js";

/** Texts in the place of explanations: what an explanation must beat. */

/**
 * The texts, each given to another case: it has the words of real explanations and nothing about its own pair. Only a text that stands
 * alone stays where it is.
 */
export function shuffled(texts: readonly string[], random: Random): string[] {
  const order = random.permutation(texts.length);
  const out = [...texts];
  // Each gets the text of the next in a random circle.
  order.forEach((at, n) => (out[at] = texts[order[(n + 1) % order.length]]));
  return out;
}

/**
 * A sentence by rule: the liked item that is most like the target, and the disliked one, by the share of genres in common (Jaccard); of
 * equals the newest.
 */
export function templateText(items: ItemTable, { item, liked, disliked }: ExplainedCase): string {
  const most = (list: Int32Array) => mostAlike(items, item, list);
  const [like, dislike] = [most(liked), most(disliked)];
  const parts = [
    ...(like === undefined ? [] : [`The user liked ${itemLine(items, like.item)}, ${wordsOf(like.share)}`]),
    ...(dislike === undefined
      ? []
      : [`the user disliked ${itemLine(items, dislike.item)}, ${wordsOf(dislike.share)}`]),
  ];
  return parts.length === 0 ? "Nothing is known of the user." : `${parts.join("; ")}.`;
}

function wordsOf(share: number): string {
  return share === 0
    ? "which has nothing in common"
    : share < 0.5
      ? "which is a little alike"
      : "which is much alike";
}

function mostAlike(
  { categories }: ItemTable,
  target: number,
  list: Int32Array,
): { item: number; share: number } | undefined {
  const wanted = new Set(categories[target]);
  let best: { item: number; share: number } | undefined;
  for (const item of list) {
    const common = categories[item].filter((genre) => wanted.has(genre)).length;
    const share = common / Math.max(1, wanted.size + categories[item].length - common);
    if (best === undefined || share > best.share) best = { item, share };
  }
  return best;
}
