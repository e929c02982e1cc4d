import { type Csr, csrFromPairs } from "../../data/csr.js";

/**
 * The words of a text: runs of letters, digits and underscores, in lower case after Unicode compatibility
 * normalisation (NFKC). An underscore joins, so a tag such as `sequence_similarity` is one word; a hyphen, a dot or an
 * apostrophe parts.
 */
export function tokenize(text: string): string[] {
  return (
    text
      .normalize("NFKC")
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}_]+/gu) ?? []
  );
}

/**
 * TF-IDF vectors of texts, [texts, words], each of length 1 (a text without words: an empty row):
 * `tf(t, d) * idf(t)` with tf the number of occurrences and `idf(t) = ln((1 + n) / (1 + df(t))) + 1`, the smoothed form
 * that scikit-learn's TfidfVectorizer uses. Words are numbered in the order of their first appearance. A word of one
 * text only is left out of no vector: it lengthens the text and so lowers its similarity to all others.
 */
export function tfidf(texts: readonly string[]): Csr {
  const numbers = new Map<string, number>();
  const rowOf: number[] = [];
  const columnOf: number[] = [];
  const counts: number[] = [];
  const documents: number[] = [];
  texts.forEach((text, row) => {
    const own = new Map<number, number>();
    for (const word of tokenize(text)) {
      let number = numbers.get(word);
      if (number === undefined) {
        number = numbers.size;
        numbers.set(word, number);
        documents.push(0);
      }
      own.set(number, (own.get(number) ?? 0) + 1);
    }
    for (const [word, count] of own) {
      documents[word]++;
      rowOf.push(row);
      columnOf.push(word);
      counts.push(count);
    }
  });
  const weights = counts.map((count, n) => {
    return count * (Math.log((1 + texts.length) / (1 + documents[columnOf[n]])) + 1);
  });
  const squares = new Float64Array(texts.length);
  weights.forEach((weight, n) => (squares[rowOf[n]] += weight * weight));
  const scaled = weights.map((weight, n) => weight / Math.sqrt(squares[rowOf[n]]));
  return csrFromPairs(texts.length, numbers.size, rowOf, columnOf, scaled);
}
