import { describe, expect, it } from "vitest";
import { aggregateSeeds, type SeedResult } from "../../src/experiment/aggregate.js";
import type { Figures } from "../../src/recommenders/recommender.js";

const cases = ["a", "b", "c", "d"];
const result = (figures: Figures): SeedResult => ({
  evaluation: { cases, values: { "log-loss": Float64Array.of(1, 2, 3, NaN) }, lists: {} },
  pooled: { auc: 0.5 },
  figures,
});

describe("a recommender's figures", () => {
  it("have the number of cases that they say they rest on, and all cases where they say none", () => {
    const found = aggregateSeeds([result({ "swap-change": { value: 0.25, n: 3 }, "gate-share": 0.5 })]);
    expect(found).toMatchObject({
      "log-loss": { mean: 2, n: 3 },
      auc: { mean: 0.5, n: 4 },
      "swap-change": { mean: 0.25, sd: null, ci95: null, n: 3 },
      "gate-share": { mean: 0.5, n: 4 },
    });
  });

  it("are means over the seeds that have them, with the cases of the seed that has fewest", () => {
    const seeds: Figures[] = [
      {},
      { "uncite-change": { value: 0.25, n: 3 } },
      { "uncite-change": { value: 0.75, n: 2 } },
    ];
    const found = aggregateSeeds(seeds.map(result));
    expect(found["uncite-change"]).toMatchObject({ mean: 0.5, ci95: null, n: 2 });
    expect(found["uncite-change"].sd).toBeCloseTo(Math.SQRT1_2 / 2, 12);
    expect(aggregateSeeds([result({ "uncite-change": { value: NaN, n: 0 } })])).not.toHaveProperty([
      "uncite-change",
    ]);
  });
});
