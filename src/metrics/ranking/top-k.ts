import { DataError } from "../../core/errors.js";
import { firstAtLeast } from "./sorted.js";

const LOWEST_FLOAT32 = -3.4028234663852886e38;
const NONE = new Int32Array(0);

/** Which items of a score row are ranked. Both lists are ascending without repeats. */
export interface CandidateSet {
  /** Items that may be ranked; all items of the row where left out. */
  readonly candidates?: Int32Array;
  /** Items taken out of the candidates, such as those that the user already has. They need not be candidates. */
  readonly excluded?: Int32Array;
}

/**
 * Selects the K best of a row of scores in one pass over a bounded heap, and counts how many candidates share the score
 * at the boundary: all that exact metrics under ties need. The order is by falling score, then by lower item number.
 * Holds its memory: nothing is allocated for a row.
 */
export class TopK {
  /** Selected items, best first; the first `size` entries are valid until the next `select`. */
  readonly items: Int32Array;
  /** Their scores. */
  readonly scores: Float64Array;
  /** K, or the number of candidates where that is less. */
  size = 0;
  /** How many candidates there were. */
  candidateCount = 0;
  /** How many candidates, selected or not, have the score of the last selected one. */
  tiedAtBoundary = 0;

  private boundary = 0;
  private leftOutAtBoundary = 0;
  private checkedCandidates: Int32Array | undefined;

  constructor(readonly k: number) {
    this.items = new Int32Array(k);
    this.scores = new Float64Array(k);
  }

  /**
   * @param row - scores by item number. Only the candidates' scores are looked at.
   * @param name - what to call the row in an error, such as `case 12`.
   * @throws DataError NOT_FINITE for a candidate's NaN or infinite score, BAD_CANDIDATES for lists out of order or range.
   */
  select(row: Float32Array, { candidates, excluded = NONE }: CandidateSet, name = "the row"): void {
    this.size = 0;
    this.candidateCount = 0;
    this.leftOutAtBoundary = 0;
    requireAscending(excluded, row.length, `the excluded items of ${name}`);
    if (candidates === undefined) this.scanAllBut(row, excluded, name);
    else this.scanListed(row, candidates, excluded, name);
    this.sort();
  }

  /** Runs over the stretches between excluded items, so that exclusion costs nothing per item. */
  private scanAllBut(row: Float32Array, excluded: Int32Array, name: string): void {
    let from = 0;
    for (let e = 0; e < excluded.length; e++) {
      this.scanRange(row, from, excluded[e], name);
      from = excluded[e] + 1;
    }
    this.scanRange(row, from, row.length, name);
    this.candidateCount = row.length - excluded.length;
  }

  private scanRange(row: Float32Array, from: number, to: number, name: string): void {
    let item = from;
    for (; item < to && this.size < this.k; item++) this.fill(row[item], item, name);
    while ((item = skipBelow(row, item, to, this.boundary)) < to) {
      this.offer(row[item], item, name);
      item++;
    }
  }

  private scanListed(row: Float32Array, candidates: Int32Array, excluded: Int32Array, name: string): void {
    if (this.checkedCandidates !== candidates) {
      requireAscending(candidates, row.length, "the candidates");
      this.checkedCandidates = candidates;
    }
    let left = candidates.length;
    let from = 0;
    for (let e = 0; e < excluded.length; e++) {
      const to = firstAtLeast(candidates, from, excluded[e]);
      this.scanListedRange(row, candidates, from, to, name);
      from = to;
      if (from < candidates.length && candidates[from] === excluded[e]) {
        from++;
        left--;
      }
    }
    this.scanListedRange(row, candidates, from, candidates.length, name);
    this.candidateCount = left;
  }

  private scanListedRange(
    row: Float32Array,
    candidates: Int32Array,
    from: number,
    to: number,
    name: string,
  ): void {
    let at = from;
    for (; at < to && this.size < this.k; at++) this.fill(row[candidates[at]], candidates[at], name);
    while ((at = skipListedBelow(row, candidates, at, to, this.boundary)) < to) {
      this.offer(row[candidates[at]], candidates[at], name);
      at++;
    }
  }

  private fill(score: number, item: number, name: string): void {
    requireFinite(score, item, name);
    this.scores[this.size] = score;
    this.items[this.size] = item;
    this.size++;
    if (this.size < this.k) return;
    for (let node = (this.k >> 1) - 1; node >= 0; node--) this.sink(node, this.k);
    this.boundary = this.scores[0];
  }

  /** A score that is not below the boundary, or not a number, while the heap is full. */
  private offer(score: number, item: number, name: string): void {
    requireFinite(score, item, name);
    // Items come in ascending order, so one that only equals the boundary stands behind those already held.
    if (score === this.boundary) {
      this.leftOutAtBoundary++;
      return;
    }
    this.scores[0] = score;
    this.items[0] = item;
    this.sink(0, this.k);
    if (this.scores[0] === this.boundary) {
      this.leftOutAtBoundary++;
    } else {
      // The boundary only rises, so no item of the new boundary's score was ever turned away.
      this.boundary = this.scores[0];
      this.leftOutAtBoundary = 0;
    }
  }

  /** Moves a node down to its place in the heap of the first `length` entries, whose root is the worst. */
  private sink(node: number, length: number): void {
    const { scores, items } = this;
    const score = scores[node];
    const item = items[node];
    for (;;) {
      let child = 2 * node + 1;
      if (child >= length) break;
      const right = child + 1;
      if (right < length && isWorse(scores[right], items[right], scores[child], items[child])) child = right;
      if (!isWorse(scores[child], items[child], score, item)) break;
      scores[node] = scores[child];
      items[node] = items[child];
      node = child;
    }
    scores[node] = score;
    items[node] = item;
  }

  /** Heap sort: taking the worst to the end, again and again, leaves the best first. */
  private sort(): void {
    const { scores, items, size } = this;
    if (size < this.k) for (let node = (size >> 1) - 1; node >= 0; node--) this.sink(node, size);
    for (let end = size - 1; end > 0; end--) {
      const score = scores[0];
      const item = items[0];
      scores[0] = scores[end];
      items[0] = items[end];
      scores[end] = score;
      items[end] = item;
      this.sink(0, end);
    }
    let tied = 0;
    while (tied < size && scores[size - 1 - tied] === scores[size - 1]) tied++;
    this.tiedAtBoundary = tied + this.leftOutAtBoundary;
  }
}

/** The first position from `from` on, or `to`, whose score is not an ordinary number below the boundary. */
function skipBelow(row: Float32Array, from: number, to: number, boundary: number): number {
  for (let item = from; item < to; item++) {
    const score = row[item];
    if (!(score < boundary && score >= LOWEST_FLOAT32)) return item;
  }
  return to;
}

/** {@link skipBelow} over the positions of a list of items. */
function skipListedBelow(
  row: Float32Array,
  list: Int32Array,
  from: number,
  to: number,
  boundary: number,
): number {
  for (let at = from; at < to; at++) {
    const score = row[list[at]];
    if (!(score < boundary && score >= LOWEST_FLOAT32)) return at;
  }
  return to;
}

function isWorse(scoreA: number, itemA: number, scoreB: number, itemB: number): boolean {
  return scoreA < scoreB || (scoreA === scoreB && itemA > itemB);
}

function requireFinite(score: number, item: number, name: string): void {
  if (Number.isFinite(score)) return;
  throw new DataError("NOT_FINITE", `the score of item ${item} in ${name} is ${score}`, {
    hint: "A recommender must give every candidate a finite score: look for a division by zero or a diverged training.",
  });
}

/** Ascending, unique, within 0..items-1: what {@link CandidateSet} and the relevant items must be. */
export function requireAscending(list: Int32Array, items: number, name: string): void {
  let previous = -1;
  for (let i = 0; i < list.length; i++) {
    if (list[i] <= previous || list[i] >= items) {
      throw new DataError(
        "BAD_CANDIDATES",
        `${name} must be ascending item numbers below ${items} without repeats, but entry ${i} is ${list[i]}`,
      );
    }
    previous = list[i];
  }
}
