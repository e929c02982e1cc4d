import type { TitleSimilarity } from "./grounding.js";

/**
 * Nearness of titles without a language model: cosine of their letter trigrams, each weighted by log(titles / titles with
 * it), so that a name counts for more than "The" or a year.
 */
export function trigramSimilarity(titles: readonly string[]): TitleSimilarity {
  const grams = titles.map(trigrams);
  const postings = new Map<string, number[]>();
  grams.forEach((own, item) => {
    for (const gram of own.keys()) {
      const known = postings.get(gram);
      if (known === undefined) postings.set(gram, [item]);
      else known.push(item);
    }
  });
  const weights = new Map(
    Array.from(postings, ([gram, items]) => [gram, Math.log(titles.length / items.length)]),
  );
  const lengths = grams.map((own) => {
    let squares = 0;
    for (const [gram, count] of own) squares += (count * weights.get(gram)!) ** 2;
    return Math.sqrt(squares);
  });
  return (title) => {
    // The written title's own length is the same for all items and is left out.
    const similarity = new Float64Array(titles.length);
    for (const [gram, count] of trigrams(title)) {
      const weight = weights.get(gram);
      if (weight === undefined) continue;
      for (const item of postings.get(gram)!)
        similarity[item] += count * grams[item].get(gram)! * weight * weight;
    }
    return similarity.map((dot, item) => (lengths[item] === 0 ? 0 : dot / lengths[item]));
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
