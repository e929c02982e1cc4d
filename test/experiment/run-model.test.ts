import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { EXIT } from "../../src/core/errors.js";
import { silentProgress } from "../../src/core/progress.js";
import { openDataset } from "../../src/data/catalogue.js";
import { resolveConfig } from "../../src/experiment/config.js";
import { runRecommenders } from "../../src/experiment/run.js";
import { runFolder } from "../../src/experiment/run-folder.js";
import { chooseSplit } from "../../src/experiment/choose-split.js";
import { popularity } from "../../src/recommenders/controls/popularity.js";
import type { Recommender } from "../../src/recommenders/recommender.js";
import { prepareColdStart } from "../../src/tasks/cold-start-task.js";
import { ratingsFolder } from "../commands/cli.js";
import { goldenModel, temporaryFolder } from "../llm/tiny-models.js";

let root: string;
let model: string;
let ratings: string;
beforeAll(async () => {
  root = await temporaryFolder();
  model = await goldenModel(root, "qwen3");
  ratings = (await ratingsFolder({ users: 20, items: 15 })).file;
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** Scores every item by the log-probability of "y" after the item's number: one call an item. */
const judge: Recommender<"cold-start"> = {
  id: "judge",
  task: "cold-start",
  kind: "llm",
  summary: "For this test.",
  options: z.strictObject({}),
  seeded: true,
  async fit({ items }, _, context) {
    const llm = await context.llm();
    const questions = items.keys.map((_key, item) => ({ prompt: `x${String(item)}`, continuations: ["y"] }));
    const choices = await llm.choose(questions, context);
    return {
      answer: (cases) =>
        Promise.resolve(Float32Array.from(cases.flatMap(() => choices.map(({ logProbs }) => logProbs[0])))),
    };
  },
};

async function runWith(recommenders: readonly Recommender<"cold-start">[], llm: string, out: string) {
  const config = resolveConfig([{ dataset: ratings, llm, seeds: [1, 2] }]);
  const progress = silentProgress();
  const signal = new AbortController().signal;
  const dataset = await openDataset(ratings, {
    world: {},
    cache: join(root, "cache"),
    offline: true,
    progress,
    signal,
  });
  const split = await chooseSplit(dataset, config, "cold-item");
  return runRecommenders({
    command: "coldllm",
    arguments: [],
    config,
    folder: runFolder(join(root, out), "coldllm", config),
    fresh: false,
    task: "cold-start",
    dataset,
    split,
    prepared: prepareColdStart(dataset, split, config.ks),
    recommenders,
    external: new Map(),
    plugins: {},
    offline: true,
    progress,
    signal,
  });
}

describe("the language model of a run", () => {
  it("is charged to its user, named under the table, and its calls are kept", async () => {
    const { cost, scoreboard, folder } = await runWith([popularity, judge], `dir:${model}`, "a");
    expect(cost.judge.llmCalls).toBe(15);
    expect(cost.judge.promptTokens).toBeGreaterThan(15);
    expect(cost.popularity.llmCalls).toBe(0);
    expect(scoreboard.notes.filter((note) => note.includes(model))).toEqual([
      expect.stringMatching(/^Language model of judge: .*qwen3 \([0-9a-f]{12}\)\.$/),
    ]);
    // The second seed asks the same questions: they are answered from the recording.
    const lines = (await readFile(folder.calls, "utf8")).trim().split("\n");
    expect(lines.length).toBe(15);

    const again = await runWith([popularity, judge], `dir:${model}`, "a");
    expect(again.scoreboard).toEqual(scoreboard);
    expect(again.cost).toEqual(cost);
    expect((await readFile(folder.calls, "utf8")).trim().split("\n")).toEqual(lines);
  });

  it("can be a recording", async () => {
    const first = await runWith([judge], `dir:${model}`, "a");
    const replayed = await runWith([judge], `replay:${first.folder.calls}`, "b");
    expect(replayed.scoreboard.rows).toEqual(first.scoreboard.rows);
  });

  it("is not opened for those who need none, and its absence ends a run with exit 4", async () => {
    const missing = `dir:${join(root, "none")}`;
    const { folder, scoreboard } = await runWith([popularity], missing, "c");
    expect(existsSync(folder.model)).toBe(false);
    expect(scoreboard.notes.join()).not.toContain("Language model");
    await expect(runWith([judge], missing, "c")).rejects.toMatchObject({
      exit: EXIT.provider,
      code: "NO_MODEL",
    });
  });
});
