import { describe, expect, it } from "vitest";
import { parseSetting } from "../../src/experiment/config.js";
import { explainConfig } from "../../src/experiment/explain-config.js";
import { configText } from "../../src/report/config-text.js";

const layers = [
  { origin: "the command", values: { ks: [10] } },
  {
    origin: "my.yaml",
    values: { recommenders: ["als"], filter: { minValue: 3, minPerUser: 2 }, seeds: [1, 2] },
  },
  { origin: "LLMREC_SEEDS", values: { seeds: [5] } },
  { origin: "--set", values: parseSetting("filter.minValue=4") },
  { origin: "--set", values: parseSetting("als.factors=8") },
];

describe("explainConfig", () => {
  it("gives every setting, options of the recommenders included, with the last place that set it", async () => {
    const { config, values } = await explainConfig("cold-start", layers);
    const of = (name: string) => {
      const found = values.find((one) => one.name === name);
      return [found?.value, found?.origin];
    };
    expect(config.seeds).toEqual([5]);
    expect(of("ks")).toEqual([[10], "the command"]);
    expect(of("seeds")).toEqual([[5], "LLMREC_SEEDS"]);
    expect(of("filter.minValue")).toEqual([4, "--set"]);
    expect(of("filter.minPerUser")).toEqual([2, "my.yaml"]);
    expect(of("recommenders")).toEqual([["als"], "my.yaml"]);
    expect(of("dataset")).toEqual(["world", "default"]);
    expect(of("data")).toEqual([undefined, "default"]);
    expect(of("als.factors")).toEqual([8, "--set"]);
    expect(of("als.iterations")).toEqual([15, "default"]);
    expect(values.filter(({ name }) => name.startsWith("ease"))).toEqual([]);
  });

  it("fails as the run would", async () => {
    const bad = (setting: string) => () =>
      explainConfig("cold-start", [...layers, { origin: "--set", values: parseSetting(setting) }]);
    await expect(bad("als.factor=8")).rejects.toThrow(/no option "factor"/);
    await expect(bad("recommenders=[asl]")).rejects.toThrow(/no recommender "asl"/);
  });

  it("reads as a table", () => {
    const text = configText(
      [
        { name: "ks", value: [10, 20], origin: "--set" },
        { name: "data", value: undefined, origin: "default" },
      ],
      "runs/x",
    );
    expect(text).toBe("ks    [ 10, 20 ]  --set\ndata  (not set)   default\n\nRun folder: runs/x");
  });
});
