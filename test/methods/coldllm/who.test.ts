import { describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import { nearestUsers, popularUsers, randomUsers, samplePairs } from "../../../src/methods/coldllm/who.js";
import { matrixOf, randomMatrix, trainingOf } from "../../recommenders/support.js";

/** Users of an item, ascending. */
const usersOf = ({ users, items }: { users: Int32Array; items: Int32Array }, item: number) =>
  Array.from(users.filter((_, at) => items[at] === item)).sort((a, b) => a - b);

describe("who might take an item", () => {
  it("at random: as many different users as asked, each item's own, alike for a seed", () => {
    const train = trainingOf(randomMatrix(1, 30, 20, 0.2, 3));
    const counts = new Int32Array(20);
    counts.set([5, 0, 30], 17);
    const pairs = randomUsers(train, counts, Random.fromSeed(1));
    expect([17, 18, 19].map((item) => new Set(usersOf(pairs, item)).size)).toEqual([5, 0, 30]);
    expect(randomUsers(train, counts, Random.fromSeed(1))).toEqual(pairs);
    counts[18] = 4;
    expect(usersOf(randomUsers(train, counts, Random.fromSeed(1)), 17)).toEqual(usersOf(pairs, 17));
    // 5 of 30 in 300 seeds: each user is drawn 50 times, give or take.
    const drawn = new Int32Array(30);
    for (let seed = 0; seed < 300; seed++)
      for (const user of usersOf(randomUsers(train, counts, Random.fromSeed(seed)), 17)) drawn[user]++;
    expect(Math.min(...drawn)).toBeGreaterThan(25);
    expect(Math.max(...drawn)).toBeLessThan(80);
  });

  it("never are users without a training pair", () => {
    const matrix = matrixOf([
      [1, 1, 0],
      [0, 0, 0],
      [1, 0, 0],
    ]);
    const counts = Int32Array.of(0, 0, 3);
    const train = trainingOf(matrix, ["a", "a b", "c"]);
    for (const pairs of [
      randomUsers(train, counts, Random.fromSeed(1)),
      popularUsers(train, counts),
      nearestUsers(train, counts),
    ])
      expect(usersOf(pairs, 2)).toEqual([0, 2]);
  });

  it("by activity: those with most training pairs, of equals the lower number", () => {
    const matrix = matrixOf([
      [1, 0, 0, 0],
      [1, 1, 1, 0],
      [0, 1, 1, 0],
      [1, 0, 1, 0],
    ]);
    const pairs = popularUsers(trainingOf(matrix), Int32Array.of(0, 0, 0, 2));
    expect(pairs).toEqual({ users: Int32Array.of(1, 2), items: Int32Array.of(3, 3) });
  });

  it("by content: the users whose items' words are nearest, and active ones where no word is shared", () => {
    // Items 3 and 4 are cold; u0 reads of space, u1 of space and love, u2 of love, u3 of gardens, most of all.
    const matrix = matrixOf([
      [1, 0, 0, 0, 0, 0],
      [1, 1, 0, 0, 0, 0],
      [0, 1, 0, 0, 0, 0],
      [0, 0, 1, 0, 0, 1],
    ]);
    const texts = ["space", "love", "garden", "space", "unheard", "garden"];
    const counts = Int32Array.of(0, 0, 0, 1, 1, 0);
    expect(usersOf(nearestUsers(trainingOf(matrix, texts), counts), 3)).toEqual([0]);
    expect(
      usersOf(
        nearestUsers(
          trainingOf(matrix, texts),
          counts.map((n) => 2 * n),
        ),
        3,
      ),
    ).toEqual([0, 1]);
    // A third: nobody else shares a word. u1 and u3 are equally active, and u1 is chosen already.
    expect(
      usersOf(
        nearestUsers(
          trainingOf(matrix, texts),
          counts.map((n) => 3 * n),
        ),
        3,
      ),
    ).toEqual([0, 1, 3]);
    expect(usersOf(nearestUsers(trainingOf(matrix, texts), counts), 4)).toEqual([1]);
  });

  it("some of the pairs that there are", () => {
    const pairs = { users: Int32Array.of(7, 8, 9, 7), items: Int32Array.of(0, 0, 0, 1) };
    const sampled = samplePairs(pairs, Int32Array.of(2, 1), Random.fromSeed(5));
    expect(usersOf(sampled, 1)).toEqual([7]);
    const ofFirst = usersOf(sampled, 0);
    expect(new Set(ofFirst).size).toBe(2);
    for (const user of ofFirst) expect([7, 8, 9]).toContain(user);
    const firsts = Array.from({ length: 30 }, (_, seed) =>
      usersOf(samplePairs(pairs, Int32Array.of(1, 0), Random.fromSeed(seed)), 0),
    );
    expect(new Set(firsts.flat()).size).toBe(3);
  });
});
