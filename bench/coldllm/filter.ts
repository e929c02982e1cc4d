/**
 * How long the exact filter takes: the K = 20 users of highest inner product for new items, among more and more users.
 *
 *     npx tsx bench/coldllm/filter.ts [ITEMS] [USERS...]
 *
 * All inner products are computed, so nothing is missed; time grows with users x items. 264 columns are the two spaces of the
 * embedded world's default settings together (200 and 64).
 */
import { Random } from "../../src/core/random.js";
import { topUsers } from "../../src/methods/coldllm/filter.js";

const SIZE = 264;
const K = 20;
const [items = 20, ...sizes] = process.argv.slice(2).map(Number);
const random = Random.fromSeed("filter");
const signal = new AbortController().signal;
for (const users of sizes.length === 0 ? [2_000, 20_000, 200_000, 1_000_000] : sizes) {
  // Uniform numbers: the work is the same whatever they are.
  const rows = (count: number) => ({
    size: SIZE,
    data: Float32Array.from({ length: count * SIZE }, () => random.uniform() - 0.5),
  });
  const tables = { users: rows(users), items: rows(items) };
  const all = Int32Array.from({ length: users }, (_, user) => user);
  const wanted = Int32Array.from({ length: items }, (_, item) => item);
  await topUsers(tables, wanted.subarray(0, 1), all.subarray(0, 1000), K, signal);
  const seconds: number[] = [];
  for (const count of [1, items]) {
    const began = performance.now();
    await topUsers(tables, wanted.subarray(0, count), all, K, signal);
    seconds.push((performance.now() - began) / 1000);
  }
  console.log(
    `${users} users: one item ${seconds[0].toFixed(3)} s; ${items} together ${(seconds[1] / items).toFixed(4)} s each; ` +
      `${((users * SIZE * 4) / 2 ** 20).toFixed(0)} MiB`,
  );
}
