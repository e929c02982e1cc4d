import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { silentProgress } from "../../src/core/progress.js";
import { PART } from "../../src/data/split.js";
import { makeSplit } from "../../src/data/splits/strategies.js";
import { openWorld } from "../../src/data/world/open.js";
import { makePlatform } from "../../src/data/world/platform.js";
import { resolveConfig } from "../../src/experiment/config.js";
import { saveDialogueSamples, saveSamples } from "../../src/experiment/save-samples.js";
import { defaultConversationSplit } from "../../src/tasks/conversation-task.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "samples-"));
});
afterAll(() => rm(folder, { recursive: true }));

const options = {
  progress: silentProgress(),
  signal: new AbortController().signal,
  offline: true,
  cache: "",
};
const request = (count: number, file = "pairs.jsonl") => ({
  config: resolveConfig([{ dataset: "world", world: { size: "tiny" } }]),
  ...{ file: join(folder, file), count, history: 5, noun: "film", seed: 1 },
});

it("writes as many Yes as No about films that the training part knows, the same each time", async () => {
  const saved = await saveSamples(request(40), options);
  expect(saved).toMatchObject({ dataset: "world", samples: 40 });
  const text = await readFile(saved.file, "utf8");
  const lines = text.trimEnd().split("\n");
  const pairs = lines.map((line) => JSON.parse(line) as { prompt: string; completion: string });
  expect(pairs).toHaveLength(40);
  expect(pairs.filter(({ completion }) => completion === " Yes")).toHaveLength(20);
  const late = makePlatform({ seed: 1, size: "tiny" })
    .catalogue.films.filter(({ isNew }) => isNew)
    .map(({ title }) => title);
  expect(late.length).toBeGreaterThan(5);
  for (const { prompt, completion } of pairs) {
    expect([" Yes", " No"]).toContain(completion);
    expect(prompt).toMatch(/^User preference: ".*\nWhether the user will like the target film ".*\?$/);
    // A cold film's interactions are what a run asks for.
    expect(late.filter((title) => prompt.includes(`"${title}"`))).toEqual([]);
  }
  const again = await saveSamples(request(40, "again.jsonl"), options);
  expect(await readFile(again.file, "utf8")).toBe(text);
});

it("refuses more questions than there are users for", async () => {
  await expect(saveSamples(request(100_000), options)).rejects.toMatchObject({
    code: "TOO_FEW_SAMPLES",
    exit: 3,
  });
});

it("writes what recommenders say in training dialogues, and nothing of the others", async () => {
  const world = { size: "tiny" };
  const config = resolveConfig([{ dataset: "world", world }]);
  const saved = await saveDialogueSamples({ config, file: join(folder, "talk.jsonl"), turns: 2 }, options);
  const lines = (await readFile(saved.file, "utf8")).trimEnd().split("\n");
  const pairs = lines.map((line) => JSON.parse(line) as { prompt: string; completion: string });
  expect(saved).toMatchObject({ dataset: "world", samples: pairs.length });

  const dataset = openWorld(world);
  const { dialogues: parts } = makeSplit(dataset, defaultConversationSplit(dataset));
  const spoken = dataset.dialogues!.map(({ turns }) => turns.filter(({ role }) => role === "recommender"));
  const said = (part: number) =>
    spoken.filter((_turns, n) => parts![n] === part).flatMap((turns) => turns.map(({ text }) => ` ${text}`));
  expect(pairs.map(({ completion }) => completion)).toEqual(said(PART.train));
  expect(said(PART.test).length).toBeGreaterThan(0);
  for (const { prompt } of pairs) expect(prompt).toMatch(/^((User|System): .+\n){0,2}System:$/);
});
