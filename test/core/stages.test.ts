import { mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CostMeter } from "../../src/core/cost.js";
import { jsonArtifact, parseExternalStages, StageStore, type Stage } from "../../src/core/stages.js";

let folder: string;
let computed: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "llmrec-stages-"));
  computed = 0;
});

const answer = (
  inputs: unknown,
  compute: () => number | Promise<number> = () => ++computed,
): Stage<number> => ({
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
    for (const one of [reader, reader.for("other")])
      await expect(one.run(answer({}))).rejects.toThrow(/no finished stage answer/);
    await store().run(answer({}));
    expect((await reader.run(answer({}))).value).toBe(1);
  });
});

describe("CostMeter", () => {
  describe("aside", () => {
    let clock = 0;
    beforeEach(() => {
      clock = 0;
      vi.spyOn(performance, "now").mockImplementation(() => clock);
    });
    afterEach(() => {
      vi.restoreAllMocks();
    });
    const spend = (seconds: number) => {
      clock += 1000 * seconds;
      return Promise.resolve(1);
    };

    it("leaves seconds and calls to another meter", async () => {
      const meter = new CostMeter();
      let seen: CostMeter | undefined;
      await meter.time("fit", async () => {
        await spend(2);
        await meter.aside((other) => {
          seen = other;
          other.addCalls({ calls: 2, promptTokens: 1, completionTokens: 1 });
          return spend(5);
        });
        expect(meter.total.fitSeconds).toBe(2);
        await spend(1);
      });
      expect(meter.total).toMatchObject({ fitSeconds: 3, llmCalls: 0 });
      expect(seen!.total).toMatchObject({ fitSeconds: 5, llmCalls: 2 });
      // Outside any phase there's nothing to take back.
      await meter.aside(() => spend(4));
      expect(meter.total.fitSeconds).toBe(3);
    });

    it("lets a stage that was computed there cost what it cost, for whoever needs it", async () => {
      const arm = new CostMeter();
      const slow = answer({}, () => spend(7));
      const stages = new StageStore(folder, new Map(), "arm", arm);
      await arm.time("fit", () => arm.aside((other) => stages.charging(other).run(slow)));
      const owner = new CostMeter();
      await new StageStore(folder, new Map(), "owner", owner).run(slow);
      expect([arm.total.fitSeconds, owner.total.fitSeconds]).toEqual([0, 7]);
    });
  });

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
