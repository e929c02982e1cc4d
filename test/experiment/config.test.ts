import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UsageError } from "../../src/core/errors.js";
import { parseSetting, readConfigFile, resolveConfig } from "../../src/experiment/config.js";
import { runFolder } from "../../src/experiment/run-folder.js";

describe("parseSetting", () => {
  it("reads values as YAML and sends unknown heads to the recommenders' options", () => {
    expect(parseSetting("filter.minValue=4")).toEqual({ filter: { minValue: 4 } });
    expect(parseSetting("als.factors=64")).toEqual({ options: { als: { factors: 64 } } });
    expect(parseSetting("split.name=a=b")).toEqual({ split: { name: "a=b" } });
    expect(parseSetting("ks=[5, 10]")).toEqual({ ks: [5, 10] });
  });

  it("refuses what is no assignment", () => {
    for (const bad of ["als.factors", "=3", "a..b=1"]) expect(() => parseSetting(bad)).toThrow(UsageError);
  });
});

describe("resolveConfig", () => {
  it("names the place and the nearest of an unknown key, at any depth", () => {
    const wrong = (layer: Record<string, unknown>) => {
      try {
        resolveConfig([layer]);
      } catch (error) {
        if (error instanceof UsageError) return [error.message, error.hint?.split("?")[0]];
      }
      return undefined;
    };
    expect(wrong({ seed: [1] })).toEqual(["unknown configuration key seed", "Did you mean seeds"]);
    expect(wrong({ filter: { minvalue: 3 } })).toEqual([
      "unknown configuration key filter.minvalue",
      "Did you mean minValue",
    ]);
    expect(wrong({ comparisons: [{ to: "als", metric: ["hit@1"] }] })).toEqual([
      "unknown configuration key comparisons.0.metric",
      "Did you mean metrics",
    ]);
    expect(wrong({ ks: ["ten"] })?.[0]).toMatch(/^ks\.0: /);
  });

  it("joins layers mapping by mapping, later over earlier, lists as wholes", () => {
    const file = {
      dataset: "ml-100k",
      options: { als: { factors: 8, alpha: 2 } },
      recommenders: ["als", "ease"],
    };
    const config = resolveConfig([
      file,
      { dataset: undefined, recommenders: ["als"] },
      parseSetting("als.factors=16"),
    ]);
    expect(config).toMatchObject({
      dataset: "ml-100k",
      recommenders: ["als"],
      options: { als: { factors: 16, alpha: 2 } },
      seeds: [1],
    });
  });

  it("puts cut-offs in order and drops repeats", () => {
    expect(resolveConfig([{ ks: [20, 5, 20], seeds: [3, 3, 1] }])).toMatchObject({
      ks: [5, 20],
      seeds: [3, 1],
    });
  });

  it("names the nearest key of an unknown one, and the place of a wrong value", () => {
    expect(() => resolveConfig([{ sedes: [1] }])).toThrow(/unknown configuration key sedes/);
    expect(() => resolveConfig([{ seeds: ["x"] }])).toThrow(/seeds/);
    expect(() => resolveConfig([{ filter: { minvalue: 3 } }])).toThrow(/minvalue/);
    expect(() => resolveConfig([{ columns: { usr: "who" } }])).toThrow(/usr/);
  });
});

describe("readConfigFile", () => {
  it("names file, line and column of broken YAML", async () => {
    const path = join(await mkdtemp(join(tmpdir(), "llmrec-config-")), "bad.yaml");
    await writeFile(path, "dataset: world\nseeds: [1, 2\n");
    await expect(readConfigFile(path)).rejects.toMatchObject({
      code: "BAD_CONFIG",
      place: { file: path, line: 3 },
    });
    await expect(readConfigFile(path + "x")).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });
});

describe("runFolder", () => {
  it("is the same for the same configuration, whatever the order of its keys", () => {
    const id = (layer: Record<string, unknown>) => runFolder("runs", "coldllm", resolveConfig([layer])).id;
    expect(id({ seeds: [1], dataset: "a/b c" })).toBe(id({ dataset: "a/b c", seeds: [1] }));
    expect(id({ dataset: "a/b c" })).toMatch(/^coldllm-b-c-[0-9a-f]{8}$/);
    expect(id({ seeds: [2] })).not.toBe(id({ seeds: [1] }));
  });
});
