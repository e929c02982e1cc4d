import { tokenize } from "../neighbours/tfidf.js";

export interface Bm25Options {
  /** How soon a word's repetitions in a document stop counting; Robertson's usual 1.2. */
  readonly k1: number;
  /** How much long documents are held down, 0 to 1; usually .75. */
  readonly b: number;
}

/**
 * Okapi BM25 (Robertson and Zaragoza 2009), with Lucene's idf, which is never negative:
 *
 * score(q, d) = sum over the words t of q, each as often as it stands there, of
 * ln(1 + (N - df + .5) / (df + .5)) tf (k1 + 1) / (tf + k1 (1 - b + b |d| / mean |d|))
 */
export class Bm25Index {
  /** By word: documents and the word's weight in each. */
  private readonly postings = new Map<string, { documents: number[]; weights: number[] }>();

  /** @param documents - texts; an empty one matches nothing and counts in N and in the mean length. */
  constructor(
    private readonly documents: readonly string[],
    { k1, b }: Bm25Options,
  ) {
    const counted = documents.map(countWords);
    const lengths = counted.map((counts) => [...counts.values()].reduce((sum, count) => sum + count, 0));
    const meanLength = lengths.reduce((sum, length) => sum + length, 0) / documents.length;
    counted.forEach((counts, document) => {
      for (const [word, tf] of counts) {
        let posting = this.postings.get(word);
        if (posting === undefined) this.postings.set(word, (posting = { documents: [], weights: [] }));
        posting.documents.push(document);
        posting.weights.push((tf * (k1 + 1)) / (tf + k1 * (1 - b + (b * lengths[document]) / meanLength)));
      }
    });
    for (const posting of this.postings.values()) {
      const df = posting.documents.length;
      const idf = Math.log(1 + (documents.length - df + 0.5) / (df + 0.5));
      posting.weights = posting.weights.map((weight) => weight * idf);
    }
  }

  /** Adds every document's score for a query to `row`. */
  addScores(query: string, row: Float32Array): void {
    if (row.length !== this.documents.length) throw new RangeError("a score for each document is needed");
    for (const [word, times] of countWords(query)) {
      const posting = this.postings.get(word);
      posting?.documents.forEach((document, n) => (row[document] += times * posting.weights[n]));
    }
  }
}

function countWords(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of tokenize(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}
