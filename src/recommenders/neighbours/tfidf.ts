import { type Csr, csrFromPairs } from "../../data/csr.js";

/**
 * The words of a text: runs of letters, digits and underscores, in lower case after Unicode compatibility
 * normalisation (NFKC). A hyphen or an apostrophe between two of them joins, so a tag such as `rna-seq`, a genre such as
 * `Sci-Fi` and a word such as `don't` are one word each; everything else parts.
 */
export function tokenize(text: string): string[] {
  return (
    text
      .normalize("NFKC")
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}_]+(?:[-'’][\p{L}\p{M}\p{N}_]+)*/gu) ?? []
  );
}

/**
 * TF-IDF vectors of texts, [texts, words], each of length 1: `tf(t, d) * idf(t)` with tf the number of occurrences and
 * `idf(t) = ln((1 + n) / (1 + df(t))) + 1`, the smoothed form of scikit-learn's `TfidfVectorizer(min_df=2)`. Words of one text
 * only are left out: they can't match anything, but would make their text less similar to all others. A text without
 * other words has an empty row. Words are numbered in the order of their first appearance.
 */
export function tfidf(texts: readonly string[]): Csr {
  const numbers = new Map<string, number>();
  const documents: number[] = [];
  const counted = texts.map((text) => {
    const counts = new Map<number, number>();
    for (const word of tokenize(text)) {
      let number = numbers.get(word);
      if (number === undefined) {
        number = numbers.size;
        numbers.set(word, number);
        documents.push(0);
      }
      if (!counts.has(number)) documents[number]++;
      counts.set(number, (counts.get(number) ?? 0) + 1);
    }
    return counts;
  });

  const rowOf: number[] = [];
  const columnOf: number[] = [];
  const weights: number[] = [];
  counted.forEach((counts, row) => {
    const kept = [...counts].filter(([word]) => documents[word] > 1);
    const raw = kept.map(
      ([word, count]) => count * (Math.log((1 + texts.length) / (1 + documents[word])) + 1),
    );
    const length = Math.sqrt(raw.reduce((sum, weight) => sum + weight * weight, 0));
    kept.forEach(([word], n) => {
      rowOf.push(row);
      columnOf.push(word);
      weights.push(raw[n] / length);
    });
  });
  return csrFromPairs(texts.length, numbers.size, rowOf, columnOf, weights);
}
