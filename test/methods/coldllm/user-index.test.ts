import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { hashPath } from "../../../src/core/hash.js";
import { silentProgress } from "../../../src/core/progress.js";
import { Random } from "../../../src/core/random.js";
import { recallOf, warnOfRecall } from "../../../src/methods/coldllm/search.js";
import { topUsers } from "../../../src/methods/coldllm/top-users.js";
import { loadUsearch, UserIndex, userIndexFormat } from "../../../src/methods/coldllm/user-index.js";
import { failureOf, folderOf } from "../../data/readers/files.js";

const signal = new AbortController().signal;
const SIZE = 12;
const USERS = 900;
const ITEMS = 40;
const K = 10;

/** Rows of different lengths. */
function rows(count: number, seed: string) {
  const random = Random.fromSeed(seed);
  const data = new Float32Array(count * SIZE);
  for (let row = 0; row < count; row++) {
    const length = Math.exp(random.normal() / 2);
    for (let d = 0; d < SIZE; d++) data[row * SIZE + d] = length * random.normal();
  }
  return { size: SIZE, data };
}

describe("an index of users", () => {
  const space = { users: rows(USERS, "users"), items: rows(ITEMS, "items") };
  const eligible = Int32Array.from({ length: USERS }, (_, user) => user).filter((user) => user % 3 !== 1);
  const wanted = Int32Array.from({ length: ITEMS }, (_, item) => item);
  let index: UserIndex;
  beforeAll(async () => {
    index = await UserIndex.build(space.users, eligible, signal);
  });

  it("finds whom exact search finds, with the same scores in the same order", async () => {
    const exact = await topUsers(space, wanted, eligible, K, signal);
    expect(await index.search(space, wanted, K, signal)).toEqual(exact);
  });

  it("finds all of clusters away from the origin, some of which a graph by plain inner products misses", async () => {
    const [users, size] = [6000, 16];
    const random = Random.fromSeed("clusters");
    const centres = random.normals(50 * size);
    const clustered = (count: number) => {
      const data = random.normals(count * size, 0.3);
      for (let row = 0; row < count; row++) {
        const centre = random.int(50);
        for (let d = 0; d < size; d++) data[row * size + d] += centres[centre * size + d] + (d === 0 ? 2 : 0);
      }
      return { size, data };
    };
    const crowd = { users: clustered(users), items: clustered(ITEMS) };
    const all = Int32Array.from({ length: users }, (_, user) => user);
    const built = await UserIndex.build(crowd.users, all, signal);
    const exact = await topUsers(crowd, wanted, all, K, signal);
    expect(recallOf(exact, await built.search(crowd, wanted, K, signal))).toBe(1);
  });

  it("finds nobody else than eligible users, and all of them where as many are wanted", async () => {
    const few = Int32Array.of(2, 5, 899);
    const small = await UserIndex.build(space.users, few, signal);
    const { users, items } = await small.search(space, Int32Array.of(7, 3), K, signal);
    expect([...items]).toEqual([7, 7, 7, 3, 3, 3]);
    expect([...users.slice(0, 3)].sort((a, b) => a - b)).toEqual([2, 5, 899]);
    const none = await UserIndex.build(space.users, new Int32Array(0), signal);
    expect((await none.search(space, wanted, K, signal)).users.length).toBe(0);
  });

  it("is the same when built again, and when read from its folder", async () => {
    const format = userIndexFormat(SIZE, eligible);
    const path = join(folderOf({}), format.file);
    await format.write(path, index);
    const found = await index.search(space, wanted, K, signal);
    expect(await (await format.read(path)).search(space, wanted, K, signal)).toEqual(found);
    const other = join(folderOf({}), format.file);
    await format.write(other, await UserIndex.build(space.users, eligible, signal));
    expect(await hashPath(other)).toBe(await hashPath(path));
  });

  it("is refused where its folder is of other users, damaged or none", async () => {
    const path = join(folderOf({}), "users");
    await userIndexFormat(SIZE, eligible).write(path, index);
    const refused = async (size: number, users: Int32Array) => {
      const read = userIndexFormat(size, users).read(path);
      expect(await failureOf(read)).toMatchObject({ exit: 3, code: "BAD_INDEX", file: path });
    };
    await refused(
      SIZE,
      eligible.map((user) => (user === 0 ? 1 : user)),
    );
    await refused(SIZE, eligible.subarray(1));
    await refused(SIZE + 1, eligible);
    const graph = await readFile(join(path, "graph.usearch"));
    await writeFile(join(path, "graph.usearch"), graph.subarray(0, 1000));
    await refused(SIZE, eligible);
    await writeFile(join(path, "about.json"), "{}");
    await refused(SIZE, eligible);
  });

  it("can be stopped while it is built", async () => {
    const stop = new AbortController();
    const building = UserIndex.build(
      rows(20_000, "many"),
      Int32Array.from(Array(20_000).keys()),
      stop.signal,
    );
    setTimeout(() => {
      stop.abort();
    }, 60);
    expect(await failureOf(building)).toMatchObject({ exit: 130 });
  });
});

it("says what to do where the library is missing", async () => {
  const missing = () => Promise.reject(new Error("Cannot find package 'usearch'"));
  expect(await failureOf(loadUsearch(missing))).toMatchObject({
    exit: 2,
    code: "NO_USEARCH",
    hint: expect.stringContaining("npm install usearch") as string,
  });
});

it("warns of a poor recall alone", () => {
  const progress = silentProgress();
  warnOfRecall(0.95, progress);
  warnOfRecall(undefined, progress);
  expect(progress.warnings).toEqual([]);
  warnOfRecall(0.625, progress);
  expect(progress.warnings).toEqual([expect.stringContaining("finds 62.5 %")]);
});

it("counts by hand which of the exact pairs were found", () => {
  const pairs = (users: number[], items: number[]) => ({
    users: Int32Array.from(users),
    items: Int32Array.from(items),
  });
  // (1, 0) and (2, 1) were found; (2, 0) and (3, 1) were not: user 2 was found for another item.
  expect(recallOf(pairs([1, 2, 2, 3], [0, 0, 1, 1]), pairs([1, 4, 2, 5], [0, 0, 1, 1]))).toBe(0.5);
  expect(recallOf(pairs([], []), pairs([1], [0]))).toBeUndefined();
});
