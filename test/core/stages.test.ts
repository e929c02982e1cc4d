import { mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { CostMeter } from "../../src/core/cost.js";
import { jsonArtifact, parseExternalStages, StageStore, type Stage } from "../../src/core/stages.js";

let folder: string;
let computed: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "llmrec-stages-"));
  computed = 0;
});

const answer = (inputs: unknown, compute = () => ++computed): Stage<number> => ({
  name: "answer",
  version: 1,
  inputs,
  format: jsonArtifact("answer.json", (value) => {
    if (typeof value !== "number") throw new Error("not a number");
    return value;
  }),
  compute: () => Promise.resolve(compute()),
});

const store = (external = new Map<string, string>(), recommender = "als") =>
  new StageStore(folder, external, recommender, new CostMeter());

describe("StageStore", () => {
  it("computes once, however often and by whomever it is asked", async () => {
    const first = await store().run(answer({ a: 1, b: 2 }));
    const again = await store(new Map(), "other").run(answer({ b: 2, a: 1 }));
    expect([first.value, again.value, computed]).toEqual([1, 1, 1]);
    expect(again.key).toBe(first.key);
  });

  it("computes anew for other inputs or another version", async () => {
    await store().run(answer({ a: 1 }));
    await store().run(answer({ a: 2 }));
    await store().run({ ...answer({ a: 1 }), version: 2 });
    expect(computed).toBe(3);
  });

  it("keeps nothing of a stage that failed", async () => {
    const failing = answer({}, () => {
      throw new Error("boom");
    });
    await expect(store().run(failing)).rejects.toThrow("boom");
    expect(await readdir(folder)).toEqual([]);
    expect((await store().run(answer({}))).value).toBe(1);
  });

  it("takes an artifact from outside, by stage or by recommender and stage, and names it in the key", async () => {
    const file = join(folder, "given.json");
    await writeFile(file, "42");
    const given = await store(new Map([["als.answer", file]])).run(answer({}));
    expect(given.value).toBe(42);
    expect(given.key).toMatch(/^file:/);
    expect((await store(new Map([["ease.answer", file]])).run(answer({}))).value).toBe(1);
    await expect(store(new Map([["answer", join(folder, "none.json")]])).run(answer({}))).rejects.toThrow(
      /no such file/,
    );
  });

  it("charges a reused stage what it cost when it was computed", async () => {
    const meter = new CostMeter();
    const spend = answer({}, () => {
      meter.addCalls({ calls: 3, promptTokens: 50, completionTokens: 7, usd: 0.25 });
      return 1;
    });
    await new StageStore(folder, new Map(), "als", meter).run(spend);
    const later = new CostMeter();
    await new StageStore(folder, new Map(), "als", later).run(spend);
    expect(later.total).toMatchObject({ llmCalls: 3, promptTokens: 50, completionTokens: 7, usd: 0.25 });
  });

  it("charges whoever comes back to a stage once", async () => {
    const meter = new CostMeter();
    const own = new StageStore(folder, new Map(), "als", meter);
    const spend = answer({}, () => {
      meter.addCalls({ calls: 3, promptTokens: 1, completionTokens: 1, usd: 0 });
      return 1;
    });
    for (let n = 0; n < 3; n++) await own.run(spend);
    expect(meter.total.llmCalls).toBe(3);
  });

  it("reads finished stages alone where nothing may be computed", async () => {
    const reader = store().readingOnly();
    await expect(reader.run(answer({}))).rejects.toThrow(/no finished stage answer/);
    await store().run(answer({}));
    expect((await reader.run(answer({}))).value).toBe(1);
  });
});

describe("CostMeter", () => {
  it("counts a phase within a phase to the outer one", async () => {
    const meter = new CostMeter();
    await meter.time("fit", () => meter.time("answer", () => Promise.resolve()));
    expect(meter.total.fitSeconds).toBeGreaterThan(0);
    expect(meter.total.answerSeconds).toBe(0);
  });
});

describe("parseExternalStages", () => {
  it("reads STAGE=FILE and refuses anything else", () => {
    expect([...parseExternalStages(["refine=a=b.csv", "als.factors=f"])]).toEqual([
      ["refine", "a=b.csv"],
      ["als.factors", "f"],
    ]);
    expect(() => parseExternalStages(["refine"])).toThrow(/expected/);
  });
});
