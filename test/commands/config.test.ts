import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { run, temporaryFolder } from "./cli.js";

let folder: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  await writeFile(join(folder, "my.yaml"), "filter: { minValue: 3 }\nrecommenders: [als]\n");
});

describe("llmrec config show", () => {
  it("shows values, where they came from and the folder that the run then has", async () => {
    const words = ["--config", "my.yaml", "--set", "als.factors=4", "--set", "world.size=tiny"];
    const shown = await run(["config", "show", "coldllm", ...words, "--json"], folder, { LLMREC_SEEDS: "3" });
    expect([shown.code, shown.stderr]).toEqual([0, ""]);
    const { values, folder: dir } = JSON.parse(shown.stdout) as {
      values: { name: string; value: unknown; origin: string }[];
      folder: string;
    };
    const of = (name: string) => values.find((one) => one.name === name);
    expect(of("seeds")).toEqual({ name: "seeds", value: [3], origin: "LLMREC_SEEDS" });
    expect(of("filter.minValue")).toEqual({ name: "filter.minValue", value: 3, origin: "my.yaml" });
    expect(of("als.factors")).toEqual({ name: "als.factors", value: 4, origin: "--set" });
    expect(of("data")).toEqual({ name: "data", value: null, origin: "default" });
    const again = await run(["config", "show", "coldllm", ...words, "--seeds", "3"], folder);
    expect(again.stdout).toContain(`Run folder: ${dir}`);
    const ran = await run(["coldllm", ...words, "--set", "filter={}", "--json"], folder, {
      LLMREC_SEEDS: "3",
    });
    expect(ran.code).toBe(0);
    const expected = await run(
      ["config", "show", "coldllm", ...words, "--set", "filter={}", "--json"],
      folder,
      {
        LLMREC_SEEDS: "3",
      },
    );
    const real = (JSON.parse(ran.stdout) as { run: { dir: string } }).run.dir;
    expect((JSON.parse(expected.stdout) as { folder: string }).folder).toBe(real);
  });

  it("names the nearest command and setting, exit 2", async () => {
    const command = await run(["config", "show", "coldlm"], folder);
    expect([command.code, command.stderr]).toEqual([2, expect.stringContaining("Did you mean coldllm?")]);
    const setting = await run(["config", "show", "coldllm", "--set", "filter.minvalue=1"], folder);
    expect([setting.code, setting.stderr]).toEqual([2, expect.stringContaining("Did you mean minValue?")]);
  });
});

describe("llmrec doctor", () => {
  it("finds this machine fit, and an occupied run folder not", async () => {
    const well = await run(["doctor", "--json"], folder);
    expect(well.code).toBe(0);
    const { checks } = JSON.parse(well.stdout) as { checks: { name: string; status: string }[] };
    expect(checks.map(({ name }) => name)).toContain("training and inference");
    const other = await temporaryFolder();
    await writeFile(join(other, "runs"), "");
    const ill = await run(["doctor"], other);
    expect(ill.code).toBe(2);
    expect(ill.stdout).toMatch(/FAIL {2}run folder .*EEXIST/);
    expect(ill.stderr).toContain("error: not all is well: run folder");
  });
});
