import type { Random } from "../core/random.js";

/** What one user liked, oldest first; equal times in the order of the data. */
export interface Sequence {
  readonly user: number;
  readonly items: Int32Array;
  /** Unix seconds of each; null where unknown. */
  readonly times: Float64Array | null;
}

/** A stretch of a sequence: what came before, and what came next. */
export interface Window {
  readonly user: number;
  /** Oldest first: at most the task's history length, and at least one item. */
  readonly history: Int32Array;
  /** Oldest first. */
  readonly future: Int32Array;
  /** All items of the sequence before the future, oldest first; the history is its end. */
  readonly past: Int32Array;
  /** When the last item of the history was liked, Unix seconds: "now". NaN where unknown. */
  readonly time: number;
}

/** Windows over sequences, made one by one: a large data set has millions. */
export class Windows {
  /**
   * @param sequenceOf - number of each window's sequence.
   * @param firsts - place of each window's first future item in it.
   */
  constructor(
    private readonly sequences: readonly Sequence[],
    private readonly sequenceOf: Int32Array,
    private readonly firsts: Int32Array,
    private readonly lengths: { readonly history: number; readonly future: number },
  ) {}

  get length(): number {
    return this.firsts.length;
  }

  at(n: number): Window {
    const { user, items, times } = this.sequences[this.sequenceOf[n]];
    const first = this.firsts[n];
    const { history, future } = this.lengths;
    return {
      user,
      history: items.subarray(Math.max(0, first - history), first),
      future: items.subarray(first, first + future),
      past: items.subarray(0, first),
      time: times?.[first - 1] ?? NaN,
    };
  }

  /** `count` of them chosen at random, in their order; all where there are no more. */
  sample(count: number, random: Random): Windows {
    if (this.length <= count) return this;
    const chosen = random.permutation(this.length).slice(0, count).sort();
    return new Windows(
      this.sequences,
      chosen.map((n) => this.sequenceOf[n]),
      chosen.map((n) => this.firsts[n]),
      this.lengths,
    );
  }

  /** All of them. */
  toArray(): Window[] {
    return Array.from({ length: this.length }, (_, n) => this.at(n));
  }
}
