import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { drawHealth, readHealth } from "../../src/report/charts/health.js";

describe("the health of PPO", () => {
  it("is read from the stages that trained, and drawn", async () => {
    const stages = await mkdtemp(join(tmpdir(), "llmrec-health-"));
    await mkdir(join(stages, "lc-01"));
    await mkdir(join(stages, "sft-02"));
    await mkdir(join(stages, "vectors-03"));
    const lines = [1, 2, 3].map((step) => JSON.stringify({ step, reward: -1 / step, kl: step }) + "\n");
    await writeFile(join(stages, "lc-01", "health.jsonl"), lines.join(""));
    await writeFile(join(stages, "sft-02", "health.jsonl"), "");
    const found = await readHealth(stages);
    expect(found.map(({ name, steps }) => [name, steps.length])).toEqual([["lc-01", 3]]);
    const picture = await drawHealth(found);
    expect(picture!.svg).toContain("Training by PPO");
    expect(picture!.svg).toContain("lc-01");
    expect(picture!.png.length).toBeGreaterThan(5_000);
    expect(await drawHealth([])).toBeNull();
  }, 60_000);
});
