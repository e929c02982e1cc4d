import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { hashArrays } from "../../../src/core/hash.js";
import { CostMeter } from "../../../src/core/cost.js";
import type { ItemTable } from "../../../src/data/dataset.js";
import { readNewItems } from "../../../src/experiment/new-items.js";
import { addItems, type AddedItems } from "../../../src/methods/coldllm/add-items.js";
import { capacity } from "../../../src/methods/coldllm/capacity.js";
import { coldLlm } from "../../../src/methods/coldllm/coldllm.js";
import { coupledSpaces, spaceRows } from "../../../src/methods/coldllm/filter.js";
import { statesOf } from "../../../src/methods/coldllm/funnel.js";
import type { RunContext } from "../../../src/recommenders/recommender.js";
import { resolveOptions } from "../../../src/recommenders/registry.js";
import { failureOf, folderOf } from "../../data/readers/files.js";
import { contextOf } from "../../recommenders/support.js";
import { colourJudge, lend, twoColours } from "./two-colours.js";

const OPTIONS = {
  ...{ backbone: "als", training: { factors: 2, regularization: 0.1, alpha: 5 } },
  judge: "zero-shot",
  filter: { users: 6, hidden: 8, size: 4, epochs: 10, batchSize: 16, learningRate: 0.02 },
  coldOnly: { learningRate: 0.05, epochs: 100 },
};

const fresh = (titles: readonly string[]): ItemTable => ({
  keys: titles.map((_, n) => `new${n}`),
  titles,
  texts: {},
  categoryNames: [],
  categories: titles.map(() => []),
  attributes: {},
});

describe("adding items to a finished run", () => {
  const train = twoColours();
  const options = resolveOptions(coldLlm, OPTIONS);
  const model = colourJudge();
  let run: RunContext;
  let online: RunContext;
  let added: AddedItems;
  beforeAll(async () => {
    run = lend(contextOf("coldllm"), model);
    await coldLlm.fit(train, options, run);
    online = { ...run, stages: run.stages.readingOnly(), cost: new CostMeter() };
    model.asked.length = 0;
    added = await addItems(train, fresh(["red z", "blue y", "red x"]), options, online);
  }, 60_000);

  it("asks about K users of each, and embeds each once", () => {
    expect(model.asked.length).toBe(18);
    expect([...added.candidates.items].sort()).toEqual(
      [0, 1, 2].flatMap((item) => Array(6).fill(item) as number[]),
    );
  });

  it("accepts users of the item's colour and learns for whom it is", () => {
    const { users, items, accepted } = added.judgements;
    users.forEach((user, at) => {
      expect(accepted[at]).toBe(user % 2 === items[at] % 2 ? 1 : 0);
    });
    expect(accepted.filter((one) => one === 1).length).toBeGreaterThan(9);
    const { size, data } = added.embeddings;
    expect(data.length).toBe(3 * size);
    // Items for the same users lie together.
    const cosine = (a: number, b: number) => {
      const dot = (x: number, y: number) =>
        Array.from({ length: size }, (_, d) => data[x * size + d] * data[y * size + d]).reduce(
          (s, v) => s + v,
          0,
        );
      return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    };
    expect(cosine(0, 2)).toBeGreaterThan(0.9);
    expect(cosine(0, 1)).toBeLessThan(cosine(0, 2));
  });

  it("puts an item where training put it: the maps are the trained ones", async () => {
    const states = await statesOf(train, options, online);
    const spaces = await coupledSpaces(train, states, options, online);
    const mapped = await spaceRows(spaces, states.value.items, states.value.items, options);
    expect(mapped.size).toBe(spaces.items.size);
    // Warm items have no place in the collaborative space.
    for (let item = 12; item < 16; item++) {
      for (let d = 0; d < mapped.size; d++) {
        const at = item * mapped.size + d;
        expect(mapped.data[at]).toBeCloseTo(spaces.items.data[at], 5);
      }
    }
    expect(mapped.data.some((value) => Math.abs(value) > 0.01)).toBe(true);
  });

  it("touches no other embedding", () => {
    expect(added.others.after).toBe(added.others.before);
    expect(added.others.before).not.toBe(hashArrays([new Float32Array(4)]));
  });

  it("computes no stage of the run", async () => {
    const other = { ...options, filter: { ...options.filter, users: 5 } };
    expect(await failureOf(addItems(train, fresh(["red z"]), other, online))).toMatchObject({
      exit: 2,
      code: "STAGE_NOT_FINISHED",
    });
  });
});

describe("approximate search", () => {
  const train = twoColours();
  const exact = resolveOptions(coldLlm, OPTIONS);
  const options = { ...exact, filter: { ...exact.filter, search: "approximate" } as const };

  it("finds the same few users, in a stage of its own, and tells its recall in the run and online", async () => {
    const run = lend(contextOf("coldllm"), colourJudge());
    const [plain, indexed] = [await coldLlm.fit(train, exact, run), await coldLlm.fit(train, options, run)];
    const recalls = ({ simulated }: typeof plain) => simulated!.map(({ searchRecall }) => searchRecall);
    expect(recalls(plain)).toEqual([undefined, undefined]);
    expect(recalls(indexed)).toEqual([undefined, 1]);
    expect(indexed.simulated![0]).toEqual(plain.simulated![0]);

    const online = { ...run, stages: run.stages.readingOnly(), cost: new CostMeter() };
    const items = fresh(["red z", "blue y"]);
    const [first, second] = [
      await addItems(train, items, exact, online),
      await addItems(train, items, options, online),
    ];
    expect([first.searchRecall, second.searchRecall]).toEqual([null, 1]);
    expect(second.candidates).toEqual(first.candidates);
    expect(second.others.after).toBe(second.others.before);
  }, 60_000);

  it("needs the run's own index", async () => {
    const run = lend(contextOf("coldllm"), colourJudge());
    await coldLlm.fit(train, exact, run);
    const online = { ...run, stages: run.stages.readingOnly(), cost: new CostMeter() };
    expect(await failureOf(addItems(train, fresh(["red z"]), options, online))).toMatchObject({
      exit: 2,
      code: "STAGE_NOT_FINISHED",
    });
  }, 60_000);
});

describe("new items in a file", () => {
  const { items } = twoColours();
  const known = { ...items, texts: { director: items.keys.map(() => "x") } };
  const read = (content: string) =>
    readNewItems(join(folderOf({ "new.jsonl": content }), "new.jsonl"), known);

  it("are read with genres and text fields", async () => {
    const table = await read(
      '{"id": 7, "title": "A", "genres": ["Drama", "War"], "director": "Jo"}\n\n{"id": "b", "title": "B", "genres": ["War"]}\n',
    );
    expect(table.keys).toEqual(["7", "b"]);
    expect(table.categoryNames).toEqual(["Drama", "War"]);
    expect(table.categories).toEqual([[0, 1], [1]]);
    expect(table.texts).toEqual({ director: ["Jo", ""] });
  });

  it.each([
    ["BAD_ITEM", "{", 1],
    ["BAD_ITEM", '{"id": "a", "title": "A"}\n{"title": "B"}', 2],
    ["UNKNOWN_FIELD", '{"id": "a", "title": "A", "directr": "Jo"}', 1],
    ["KNOWN_ITEM", '{"id": "i3", "title": "A"}', 1],
    ["ITEM_TWICE", '{"id": "a", "title": "A"}\n{"id": "a", "title": "B"}', 2],
    ["NO_TEXT", '{"id": "a", "title": "A"}\n\n{"id": "b"}', 3],
    ["NO_ITEMS", "\n", null],
  ])("are refused with file and line: %s", async (code, content, line) => {
    expect(await failureOf(read(content))).toMatchObject({ exit: 3, code, line });
  });
});

describe("capacity", () => {
  it("counts seconds of work by the seconds of a day (by hand)", () => {
    const rates = {
      secondsToEmbed: 0.5,
      secondsToFilter: 0.1,
      users: 1000,
      secondsToJudge: 0.25,
      secondsToUpdate: 1.5,
    };
    // 0.5 + 0.1 * 100 + 20 * 0.25 + 1.5 = 17 s an item; 10,000 items a day are 170,000 s, or 1.97 days' work.
    expect(capacity(rates, { users: 100_000, itemsPerDay: 10_000, candidates: 20 })).toEqual({
      judgementsPerDay: 200_000,
      secondsPerItem: 17,
      machines: 2,
      // 100,000 * 0.25 + 1.5 = 25,001.5 s an item.
      withoutFilter: { judgementsPerDay: 1_000_000_000, machines: 2894 },
      savedBy: 5000,
    });
  });
});
