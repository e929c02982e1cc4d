import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeJson } from "../../src/core/files.js";
import { readRun } from "../../src/report/run.js";
import { smallCost, smallScoreboard, valueOf } from "./fixtures.js";

let dir: string;

beforeEach(async () => {
  dir = join(await mkdtemp(join(tmpdir(), "run-")), "coldllm-world-1a2b3c4d");
  await mkdir(dir);
  await writeJson(join(dir, "manifest.json"), { schemaVersion: 1, command: "coldllm" });
  await writeJson(join(dir, "scoreboard.json"), smallScoreboard());
  await writeJson(join(dir, "cost.json"), smallCost());
});
afterEach(() => rm(join(dir, ".."), { recursive: true }));

describe("readRun", () => {
  it("gives back what was written", async () => {
    expect(await readRun(dir)).toEqual({
      name: "coldllm-world-1a2b3c4d",
      dir,
      scoreboard: smallScoreboard(),
      cost: smallCost(),
      manifest: { schemaVersion: 1, command: "coldllm" },
    });
  });

  it("reads a mean that JSON could not hold as NaN", async () => {
    const board = smallScoreboard();
    const rows = [{ ...board.rows[0], metrics: { logloss: valueOf(NaN) } }];
    await writeJson(join(dir, "scoreboard.json"), { ...board, rows });
    expect((await readRun(dir)).scoreboard.rows[0].metrics.logloss.mean).toBeNaN();
  });

  it("says that a folder is no run, or that there is none", async () => {
    await expect(readRun(join(dir, ".."))).rejects.toMatchObject({ code: "NOT_A_RUN", exit: 3 });
    await expect(readRun(join(dir, "gone"))).rejects.toMatchObject({ code: "NOT_A_RUN" });
    await expect(readRun(join(dir, "cost.json"))).rejects.toMatchObject({ code: "NOT_A_RUN" });
  });

  it("says that a run is not finished", async () => {
    await rm(join(dir, "scoreboard.json"));
    await expect(readRun(dir)).rejects.toMatchObject({ code: "RUN_NOT_FINISHED", exit: 3 });
  });

  it("names the file of broken JSON, with line and column where the parser tells them", async () => {
    await writeFile(join(dir, "scoreboard.json"), '{\n  "schemaVersion": 1,\n  "task": "a" "b"\n}\n');
    await expect(readRun(dir)).rejects.toMatchObject({
      code: "BROKEN_JSON",
      place: { file: join(dir, "scoreboard.json"), line: 3, column: 15 },
    });
    await writeFile(join(dir, "scoreboard.json"), '{"schemaVersion": 1, "rows": [');
    await expect(readRun(dir)).rejects.toMatchObject({ code: "BROKEN_JSON" });
  });

  it("refuses another schema version, and a field of another type by its name", async () => {
    await writeJson(join(dir, "scoreboard.json"), { ...smallScoreboard(), schemaVersion: 2 });
    await expect(readRun(dir)).rejects.toMatchObject({
      code: "OTHER_SCHEMA_VERSION",
      message: "schemaVersion is 2, expected 1",
    });
    await writeJson(join(dir, "scoreboard.json"), { ...smallScoreboard(), seeds: ["1"] });
    await expect(readRun(dir)).rejects.toMatchObject({
      code: "BAD_RUN_FILE",
      message: expect.stringMatching(/^seeds\.0: /) as string,
    });
  });
});
