import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { makeDataset } from "../../src/data/make-dataset.js";
import { loadPlugins } from "../../src/experiment/plugins/load.js";
import { withPluginMetrics } from "../../src/experiment/plugins/metrics.js";
import { parseMetricName } from "../../src/metrics/registry.js";
import type { PreparedTask } from "../../src/tasks/task.js";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "llmrec-plugins-"));
});

async function script(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return `./${name}`;
}

const metric = (name: string) =>
  `{ name: "${name}", title: "T", better: "higher", formula: "f", ofList: () => 1 }`;

describe("loadPlugins", () => {
  it("takes a script or a package, makes its metric known, and hashes its source", async () => {
    const own = join(folder, "node_modules", "a-plugin");
    await mkdir(own, { recursive: true });
    await writeFile(
      join(own, "package.json"),
      '{"name":"a-plugin","type":"module","exports":{".":{"import":"./main.js"}}}',
    );
    await writeFile(join(own, "main.js"), `export default { name: "a", metrics: [${metric("of-a")}] };`);
    const file = await script("b.mjs", 'export default { name: "b" };');
    const { metrics, versions, recommenders } = await loadPlugins(["a-plugin", file], folder);
    expect(metrics.map(({ name }) => name)).toEqual(["of-a"]);
    expect(Object.keys(versions)).toEqual(["a", "b"]);
    expect(recommenders.length).toBeGreaterThan(20);
    expect(parseMetricName("of-a@20/cold").definition.title).toBe("T");
    const before = versions.a;
    await writeFile(join(own, "helper.js"), "");
    expect((await loadPlugins(["a-plugin"], folder)).versions.a).not.toBe(before);
  });

  it.each([
    ["nothing.mjs", "export const x = 1;", "BAD_PLUGIN", /no default export/],
    ["broken.mjs", "export default {", "BAD_PLUGIN", /does not load/],
    ["nameless.mjs", "export default {};", "BAD_PLUGIN", /no name/],
    [
      "loose.mjs",
      'export default { name: "x", recommenders: [{ id: "x", fit() {} }] };',
      "BAD_PLUGIN",
      /x: options must be a zod schema/,
    ],
    [
      "taken.mjs",
      `export default { name: "x", metrics: [${metric("recall")}] };`,
      "PLUGIN_CLASH",
      /metric recall/,
    ],
    [
      "again.mjs",
      'export default { name: "x", recommenders: [{ id: "als", task: "cold-start", options: { safeParse() {} }, fit() {} }] };',
      "PLUGIN_CLASH",
      /recommender als/,
    ],
  ])("refuses %s", async (name, text, code, message) => {
    const file = await script(name, text);
    await expect(loadPlugins([file], folder)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });

  it("names a missing one", async () => {
    await expect(loadPlugins(["./none.js"], folder)).rejects.toMatchObject({ code: "PLUGIN_NOT_FOUND" });
    await expect(loadPlugins(["none"], folder)).rejects.toMatchObject({ code: "PLUGIN_NOT_FOUND" });
  });
});

describe("metrics of plugins", () => {
  const task = {
    mainMetrics: ["recall@2/cold"],
    describeCase: (position: number) => ({ facts: [], relevant: { cold: [position], "": [9] } }),
    evaluate: () =>
      Promise.resolve({
        cases: ["a", "b"],
        values: { "recall@2/cold": Float64Array.of(0, 1) },
        lists: {
          cold: { k: 2, items: Int32Array.of(3, 0, -1, -1) },
          free: { k: 2, items: Int32Array.of(9, 1, 2, 9) },
        },
      }),
  } as unknown as PreparedTask<"cold-start">;
  const first = {
    name: "first-is-right",
    title: "",
    better: "higher",
    formula: "",
    main: true,
    ofList: ({ list, relevant }: { list: Int32Array; relevant: readonly number[] }) =>
      relevant.includes(list[0]) ? 1 : 0,
  } as const;

  it("are measured on every list, in every setting, and not where a list is empty", async () => {
    const wrapped = withPluginMetrics(task, {} as never, [first], 2);
    expect(wrapped.mainMetrics).toEqual(["recall@2/cold", "first-is-right@2/cold"]);
    const { values } = await wrapped.evaluate(undefined as never, undefined as never);
    expect(values["first-is-right@2/cold"]).toEqual(Float64Array.of(0, NaN));
    expect(values["first-is-right@2"]).toEqual(Float64Array.of(1, 0));
  });

  it("must be numbers", async () => {
    const wrapped = withPluginMetrics(task, {} as never, [{ ...first, ofList: () => Infinity }], 2);
    await expect(wrapped.evaluate(undefined as never, undefined as never)).rejects.toThrow(
      "first-is-right of case a (cold) is Infinity",
    );
  });
});

describe("makeDataset", () => {
  it("numbers users and items, keeps items that nobody touched, and wants whole columns", () => {
    const interactions = [
      { user: "u", item: "b", time: 5 },
      { user: "v", item: "x", time: 6 },
    ];
    const items = [
      { id: "a", title: "A" },
      { id: "b", title: "B", categories: ["c", "d"] },
    ];
    const data = makeDataset({ name: "n", interactions, items });
    expect(data.items).toMatchObject({
      keys: ["a", "b", "x"],
      titles: ["A", "B", ""],
      categories: [[], [0, 1], []],
    });
    expect([...data.interactions.items]).toEqual([1, 2]);
    expect(data.interactions.values).toBeNull();
    expect([...data.interactions.times!]).toEqual([5, 6]);
    expect(() =>
      makeDataset({ name: "n", interactions: [...interactions, { user: "u", item: "a" }] }),
    ).toThrow("2 of 3 interactions have a time");
  });
});
