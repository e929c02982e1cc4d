/**
 * The filter's two searches for the K = 20 users of highest inner product with new items: exact, and with an index of the users.
 *
 *     npx tsx bench/coldllm/filter.ts [ITEMS] [USERS...] [TOWERS.safetensors...]
 *
 * Exact search computes all inner products, so that its time grows with users x items whatever the numbers are. The index must be built
 * once; its time and recall depend on the vectors: `uniform` numbers have no structure and are its worst case; `clusters` are 200 centres
 * of different lengths with noise half as large. With the towers of a run (files of its stages `semantic` and `collaborative`), `towers` are
 * blends of two of its users each, and its own items. 264 columns are the two spaces of the embedded world's default settings together (200 and 64).
 */
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../../src/core/random.js";
import { type Rows, rowsOf, readSafetensors } from "../../src/core/safetensors.js";
import { sideBySide } from "../../src/methods/coldllm/rows.js";
import { recallOf } from "../../src/methods/coldllm/search.js";
import { type Space, topUsers } from "../../src/methods/coldllm/top-users.js";
import { UserIndex } from "../../src/methods/coldllm/user-index.js";

const SIZE = 264;
const K = 20;
const files = process.argv.slice(2).filter((given) => given.endsWith(".safetensors"));
const [items = 100, ...sizes] = process.argv
  .slice(2)
  .filter((given) => !files.includes(given))
  .map(Number);
const random = Random.fromSeed("filter");
const signal = new AbortController().signal;

const worlds: Record<string, (users: number) => Space> = {
  uniform: (users) => ({ users: uniform(users), items: uniform(items) }),
  clusters(users) {
    const centres = random.normals(200 * SIZE);
    const lengths = Array.from({ length: 200 }, () => Math.exp(random.normal() / 3));
    return { users: around(centres, lengths, users), items: around(centres, lengths, items) };
  },
  ...(files.length === 0 ? {} : { towers: await ofTowers() }),
};

for (const users of sizes.length === 0 ? [2_000, 20_000, 200_000] : sizes) {
  for (const [name, spaceOf] of Object.entries(worlds)) {
    const space = spaceOf(users);
    const all = Int32Array.from({ length: users }, (_, user) => user);
    const wanted = Int32Array.from({ length: items }, (_, item) => item);
    // The first call builds the runtime's program.
    await topUsers(space, wanted.subarray(0, 1), all.subarray(0, 1000), K, signal);
    const [, alone] = await timed(() => topUsers(space, wanted.subarray(0, 1), all, K, signal));
    const [exact, together] = await timed(() => topUsers(space, wanted, all, K, signal));
    const [index, build] = await timed(() => UserIndex.build(space.users, all, signal));
    const [found, search] = await timed(() => index.search(space, wanted, K, signal));
    const { load, bytes } = await reloaded(index, space.users.size);
    const pays = (exactly: number) =>
      exactly > search / items ? Math.ceil(build / (exactly - search / items)) : "no number of";
    console.log(
      `${users} users, ${name}: exact ${ms(alone)} alone, ${ms(together / items)} each of ${items}; ` +
        `index built in ${build.toFixed(1)} s, loaded in ${load.toFixed(2)} s, ${ms(search / items)} an item, ` +
        `recall ${recallOf(exact, found)?.toFixed(4)}; ` +
        `pays after ${pays(alone)} items one by one, ${pays(together / items)} items together; ` +
        `${mib(space.users.data.byteLength)} of users, ${mib(bytes)} of index`,
    );
  }
}

function uniform(count: number): Rows {
  return { size: SIZE, data: Float32Array.from({ length: count * SIZE }, () => random.uniform() - 0.5) };
}

function around(centres: Float32Array, lengths: readonly number[], count: number): Rows {
  const data = random.normals(count * SIZE, 0.5);
  for (let row = 0; row < count; row++) {
    const centre = random.int(lengths.length);
    for (let d = 0; d < SIZE; d++) {
      const at = row * SIZE + d;
      data[at] = lengths[centre] * (data[at] + centres[centre * SIZE + d]);
    }
  }
  return { size: SIZE, data };
}

async function ofTowers(): Promise<(users: number) => Space> {
  const towers = await Promise.all(files.map((file) => readSafetensors(file)));
  const table = (name: string) =>
    sideBySide(
      towers.map((tower, n) =>
        rowsOf(tower, name, tower[name].shape[0], { code: "BAD_TOWER", file: files[n] }),
      ),
    );
  const [known, all] = [table("user_embeddings"), table("item_embeddings")];
  const { size } = known;
  // Users without a training pair have one text, and so one row, together: nobody searches for them.
  const times = new Map<string, number[]>();
  for (let row = 0; row < known.data.length / size; row++) {
    const text = known.data.subarray(row * size, (row + 1) * size).join();
    times.set(text, [...(times.get(text) ?? []), row]);
  }
  const active = [...times.values()].filter((same) => same.length === 1).flat();
  return (users) => {
    const data = new Float32Array(users * size);
    for (let row = 0; row < users; row++) {
      const [a, b, share] = [random.pick(active), random.pick(active), random.uniform()];
      for (let d = 0; d < size; d++) {
        data[row * size + d] = share * known.data[a * size + d] + (1 - share) * known.data[b * size + d];
      }
    }
    return { users: { size, data }, items: all };
  };
}

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const began = performance.now();
  const value = await work();
  return [value, (performance.now() - began) / 1000];
}

async function reloaded(index: UserIndex, size: number): Promise<{ load: number; bytes: number }> {
  const folder = await mkdtemp(join(tmpdir(), "filter-"));
  const file = join(folder, "graph.usearch");
  index.save(file);
  const [, load] = await timed(() => UserIndex.load(file, size));
  const bytes = (await stat(file)).size;
  await rm(folder, { recursive: true });
  return { load, bytes };
}

function ms(seconds: number): string {
  return `${(1000 * seconds).toPrecision(3)} ms`;
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}
