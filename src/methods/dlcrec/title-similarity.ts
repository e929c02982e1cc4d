import type { TitleSimilarity } from "./grounding.js";

/** The items that have a trigram, and what one occurrence of it in a written title adds to their cosine. */
interface Posting {
  readonly items: Int32Array;
  readonly gains: Float64Array;
}

/**
 * Nearness of titles without a language model: cosine of their letter trigrams, each weighted by log(titles / titles with
 * it), so that a name counts for more than "The" or a year. The written title's own length is left out: it is the same
 * for all items.
 */
export function trigramSimilarity(titles: readonly string[]): TitleSimilarity {
  const grams = titles.map(trigrams);
  const holders = new Map<string, number[]>();
  grams.forEach((own, item) => {
    for (const gram of own.keys()) {
      const known = holders.get(gram);
      if (known === undefined) holders.set(gram, [item]);
      else known.push(item);
    }
  });
  const weightOf = (gram: string) => Math.log(titles.length / holders.get(gram)!.length);
  const lengths = grams.map((own) =>
    Math.sqrt(Array.from(own).reduce((sum, [gram, count]) => sum + (count * weightOf(gram)) ** 2, 0)),
  );
  const postings = new Map(
    Array.from(holders, ([gram, items]): [string, Posting] => {
      const gain = (item: number) => {
        const length = lengths[item];
        return length === 0 ? 0 : (grams[item].get(gram)! * weightOf(gram) ** 2) / length;
      };
      return [gram, { items: Int32Array.from(items), gains: Float64Array.from(items, gain) }];
    }),
  );
  return (title) => {
    const similarity = new Float64Array(titles.length);
    for (const [gram, count] of trigrams(title)) {
      const posting = postings.get(gram);
      if (posting === undefined) continue;
      const { items, gains } = posting;
      for (let n = 0; n < items.length; n++) similarity[items[n]] += count * gains[n];
    }
    return similarity;
  };
}

/** How often each run of three letters occurs, the ends marked by spaces. */
function trigrams(title: string): Map<string, number> {
  const text = `  ${title.toLowerCase()} `;
  const counts = new Map<string, number>();
  for (let start = 0; start + 3 <= text.length; start++) {
    const gram = text.slice(start, start + 3);
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return counts;
}
