import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentProgress } from "../../src/core/progress.js";
import { addItemsToRun, type AddItemsResult } from "../../src/experiment/coldllm-add-items.js";
import { resolveConfig } from "../../src/experiment/config.js";
import { runTask } from "../../src/experiment/run-task.js";
import { renderAddedItems } from "../../src/report/added-items.js";
import { failureOf } from "../data/readers/files.js";
import { temporaryFolder } from "../llm/tiny-models.js";

const signal = new AbortController().signal;
const common = { offline: true, progress: silentProgress(), signal };
const COLDLLM = {
  ...{ backbone: "als", training: { factors: 4, regularization: 1, alpha: 5, iterations: 3 } },
  ...{ judge: "zero-shot", noun: "film", refine: { history: 3 }, embed: { history: 3 } },
  filter: { users: 3, hidden: 8, size: 4, epochs: 1 },
  coldOnly: { epochs: 20 },
};

describe("items for a finished run", () => {
  let root: string;
  let run: string;
  let result: AddItemsResult;
  const request = () => ({ ...common, cache: root, run, file: join(root, "new.jsonl"), itemsPerDay: 1000 });
  beforeAll(async () => {
    root = await temporaryFolder();
    await writeFile(
      join(root, "new.jsonl"),
      '{"id": "a", "title": "The Last Lighthouse", "genres": ["Drama"], "director": "Jonas Winters"}\n' +
        '{"id": "b", "title": "Night Train"}\n',
    );
    const finished = await runTask({
      ...{ ...common, cache: root, out: root },
      task: "cold-start",
      command: "coldllm",
      arguments: [],
      config: resolveConfig([
        {
          dataset: "world",
          world: { size: "tiny" },
          recommenders: ["coldllm"],
          options: { coldllm: COLDLLM },
        },
      ]),
      external: new Map(),
      fresh: false,
    });
    run = finished.folder.path;
    result = await addItemsToRun(request());
  }, 120_000);
  afterAll(() => rm(root, { recursive: true, force: true }));

  it("get users and an embedding each, for K + 1 calls, and change nothing else", () => {
    expect(result.items.map(({ item, users, embedding }) => [item, users.length, embedding.length])).toEqual([
      ["a", 3, 4],
      ["b", 3, 4],
    ]);
    expect(result.llmCallsPerItem).toBe(4);
    for (const [before, after] of Object.values(result.untouched)) expect(after).toBe(before);
    expect(result.capacity.judgementsPerDay).toBe(3000);
    expect(result.capacity.savedBy).toBe(result.demand.users / 3);
    const text = renderAddedItems(result);
    expect(text).toContain('a "The Last Lighthouse": ');
    expect(text).toContain("all other embeddings: unchanged");
    expect(text).not.toContain("approximate search");
    const approximate = renderAddedItems({ ...result, searchRecall: 0.965 });
    expect(approximate).toContain("approximate search: 96.5 % of the exact search's users found");
  });

  it("get the same again", async () => {
    const again = await addItemsToRun(request());
    expect(again.items).toEqual(result.items);
  }, 60_000);

  it("are refused where the run can't take them", async () => {
    expect(await failureOf(addItemsToRun({ ...request(), run: root }))).toMatchObject({
      exit: 3,
      code: "NOT_A_RUN",
    });
    const broken = join(root, "broken");
    await mkdir(broken);
    await writeFile(join(broken, "manifest.json"), "{");
    expect(await failureOf(addItemsToRun({ ...request(), run: broken }))).toMatchObject({
      exit: 3,
      code: "BROKEN_JSON",
    });
    expect(await failureOf(addItemsToRun({ ...request(), seed: 7 }))).toMatchObject({
      exit: 2,
      code: "UNKNOWN_SEED",
    });
  });
});
