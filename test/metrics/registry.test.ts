import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { RANKING_METRICS } from "../../src/metrics/ranking/expectation.js";
import { METRICS, metricColumn, metricTitle, parseMetricName } from "../../src/metrics/registry.js";

describe("the metric registry", () => {
  it("knows each name once, and every ranking metric", () => {
    const names = METRICS.map((metric) => metric.name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of RANKING_METRICS) expect(names).toContain(name);
  });

  it("names every metric in docs/metrics.md with its direction", () => {
    const docs = readFileSync(new URL("../../docs/metrics.md", import.meta.url), "utf8");
    for (const { name, cutoff, better, per } of METRICS) {
      const row = docs.split("\n").find((line) => line.startsWith(`| \`${name}${cutoff ? "@k" : ""}\` |`));
      expect(row, name).toBeDefined();
      if ((RANKING_METRICS as readonly string[]).includes(name)) {
        expect([better, per]).toEqual(["higher", "case"]);
      } else {
        const kind = per === "case" ? "per case" : "pooled";
        expect(row, name).toContain(`| ${kind}, ${better ?? "neither"} |`);
      }
    }
  });

  it("takes a column's name apart", () => {
    expect(parseMetricName("recall@20/cold")).toMatchObject({
      definition: { name: "recall" },
      k: 20,
      subset: "cold",
    });
    expect(parseMetricName("log-loss")).toMatchObject({
      definition: { better: "lower" },
      k: null,
      subset: null,
    });
    expect(metricTitle("ndcg@10/warm")).toBe("NDCG@10 warm");
    expect(metricColumn("popularity@20", false)).toEqual({
      name: "popularity@20",
      better: null,
      main: false,
    });
  });

  it.each([
    ["recal@20", "Did you mean recall?"],
    ["", "Known: recall"],
  ])("refuses the unknown %j with a hint", (name, hint) => {
    expect(() => parseMetricName(name)).toThrow(
      expect.objectContaining({
        code: "UNKNOWN_METRIC",
        hint: expect.stringContaining(hint) as string,
      }) as Error,
    );
  });

  it.each(["recall", "recall@0", "auc@10"])("refuses %s for its cut-off", (name) => {
    expect(() => parseMetricName(name)).toThrow(expect.objectContaining({ code: "BAD_METRIC" }) as Error);
  });
});
