import { createHash } from "node:crypto";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import type { JumpableRandomGenerator } from "pure-rand/types/JumpableRandomGenerator";

/**
 * A seeded source of random numbers (xoroshiro128+ of pure-rand). The same seed gives the same numbers on every
 * machine. Work that may run in another order, or be skipped by a resume, takes a generator of its own by
 * {@link Random.fork}: its numbers depend on the seed and the label alone, never on what was drawn before.
 */
export class Random {
  private spareNormal: number | undefined;

  private constructor(
    private readonly path: string,
    private readonly generator: JumpableRandomGenerator,
  ) {}

  /** @param seed - any integer or text; different seeds give unrelated streams. */
  static fromSeed(seed: number | string): Random {
    return Random.fromPath(String(seed));
  }

  private static fromPath(path: string): Random {
    const digest = createHash("sha256").update(path).digest();
    const state = [0, 4, 8, 12].map((offset) => digest.readInt32LE(offset));
    return new Random(path, xoroshiro128plusFromState(state));
  }

  /** An independent generator for a named piece of work. It does not depend on what this one has drawn. */
  fork(label: string | number): Random {
    return Random.fromPath(`${this.path}/${String(label)}`);
  }

  /** A 32-bit unsigned integer, uniform. */
  uint32(): number {
    return this.generator.next() >>> 0;
  }

  /** Uniform in [0, 1), 53 bits. */
  uniform(): number {
    const high = this.generator.next() >>> 5;
    const low = this.generator.next() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /** An integer uniform in [0, n), without modulo bias. n must be in 1..2^32. */
  int(n: number): number {
    if (!(n >= 1 && n <= 4294967296))
      throw new RangeError(`Random.int: n must be in 1..2^32, got ${String(n)}`);
    const limit = 4294967296 - (4294967296 % n);
    let draw = this.uint32();
    while (draw >= limit) draw = this.uint32();
    return draw % n;
  }

  /** Standard normal (Marsaglia's polar method). */
  normal(): number {
    if (this.spareNormal !== undefined) {
      const spare = this.spareNormal;
      this.spareNormal = undefined;
      return spare;
    }
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const s = u * u + v * v;
      if (s >= 1 || s === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(s)) / s);
      this.spareNormal = v * factor;
      return u * factor;
    }
  }

  /** Fills an array with normals of the given standard deviation and returns it. */
  normals(length: number, sd = 1): Float32Array {
    const out = new Float32Array(length);
    for (let i = 0; i < length; i++) out[i] = sd * this.normal();
    return out;
  }

  /** Standard Gumbel: the largest of `log w_i + gumbel` is a draw with probability proportional to w_i. */
  gumbel(): number {
    return -Math.log(-Math.log(this.uniform() || Number.MIN_VALUE));
  }

  /** Shuffles in place (Fisher-Yates) and returns the same array. */
  shuffle<A extends { length: number; [index: number]: unknown }>(array: A): A {
    for (let i = array.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      const swap = array[i];
      array[i] = array[j];
      array[j] = swap;
    }
    return array;
  }

  /** 0..n-1 in random order. */
  permutation(n: number): Int32Array {
    return this.shuffle(Int32Array.from({ length: n }, (_, i) => i));
  }

  /** `count` different integers of [0, n), in random order (Floyd's method, then shuffled). */
  sample(n: number, count: number): Int32Array {
    if (count > n) throw new RangeError(`Random.sample: ${String(count)} of ${String(n)}`);
    const chosen = new Set<number>();
    for (let i = n - count; i < n; i++) {
      const draw = this.int(i + 1);
      chosen.add(chosen.has(draw) ? i : draw);
    }
    return this.shuffle(Int32Array.from(chosen));
  }

  /** One element, uniform. */
  pick<T>(array: ArrayLike<T>): T {
    return array[this.int(array.length)];
  }

  /** An index drawn with probability proportional to its weight (weights not negative, sum positive). */
  weighted(weights: ArrayLike<number>): number {
    let total = 0;
    for (let i = 0; i < weights.length; i++) total += weights[i];
    let rest = this.uniform() * total;
    for (let i = 0; i < weights.length; i++) {
      rest -= weights[i];
      if (rest < 0) return i;
    }
    for (let i = weights.length - 1; i >= 0; i--) if (weights[i] > 0) return i;
    throw new RangeError("Random.weighted: no positive weight");
  }

  /** The generator's whole state, for checkpoints. */
  state(): { path: string; words: readonly number[]; spareNormal: number | null } {
    return { path: this.path, words: this.generator.getState(), spareNormal: this.spareNormal ?? null };
  }

  static fromState(state: ReturnType<Random["state"]>): Random {
    const random = new Random(state.path, xoroshiro128plusFromState(state.words));
    random.spareNormal = state.spareNormal ?? undefined;
    return random;
  }
}
