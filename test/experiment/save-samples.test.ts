import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { silentProgress } from "../../src/core/progress.js";
import { makePlatform } from "../../src/data/world/platform.js";
import { resolveConfig } from "../../src/experiment/config.js";
import { saveSamples } from "../../src/experiment/save-samples.js";

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
