/** Words and pairs of neighbouring words that the judge knows, most. */
const MOST_TERMS = 2_000;
/** Texts that a term must be in. */
const FEWEST_TEXTS = 3;
const L2 = 1;
const ITERATIONS = 200;
const RATE = 0.5;

/** Reads texts: the probability of a like for each. */
export type WordJudge = (texts: readonly string[]) => Float64Array;

/**
 * Logistic regression on the words and the pairs of neighbouring words of texts, trained on labelled ones: a judge that has nothing to do with
 * the language model. All the texts at once in each of 200 steps of Adagrad; half the squared weights count as much as one text.
 */
export function trainWordJudge(texts: readonly string[], labels: ArrayLike<number>): WordJudge {
  const vocabulary = vocabularyOf(texts);
  const rows = texts.map((text) => termsOf(text, vocabulary));
  const weights = new Float64Array(vocabulary.size + 1);
  const squares = new Float64Array(weights.length).fill(1e-8);
  const bias = vocabulary.size;
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const gradient = weights.map((weight, at) => (at === bias ? 0 : (L2 * weight) / rows.length));
    rows.forEach((terms, n) => {
      const error = (sigmoid(scoreOf(terms, weights, bias)) - labels[n]) / rows.length;
      for (const term of terms) gradient[term] += error;
      gradient[bias] += error;
    });
    gradient.forEach((slope, at) => {
      squares[at] += slope * slope;
      weights[at] -= (RATE * slope) / Math.sqrt(squares[at]);
    });
  }
  return (some) =>
    Float64Array.from(some, (text) => sigmoid(scoreOf(termsOf(text, vocabulary), weights, bias)));
}

/** Words of a text in lower case, and each with the next. */
function words(text: string): string[] {
  const single = text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];
  return [...single, ...single.slice(1).map((word, n) => `${single[n]} ${word}`)];
}

function vocabularyOf(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const term of new Set(words(text))) counts.set(term, (counts.get(term) ?? 0) + 1);
  }
  const kept = [...counts]
    .filter(([, count]) => count >= FEWEST_TEXTS)
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, MOST_TERMS);
  return new Map(kept.map(([term], n) => [term, n]));
}

function termsOf(text: string, vocabulary: ReadonlyMap<string, number>): number[] {
  return [...new Set(words(text))].flatMap((term) => vocabulary.get(term) ?? []);
}

function scoreOf(terms: readonly number[], weights: Float64Array, bias: number): number {
  return terms.reduce((sum, term) => sum + weights[term], weights[bias]);
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
