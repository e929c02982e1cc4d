import { mkdtempSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import { silentProgress } from "../../src/core/progress.js";
import { resolveConfig } from "../../src/experiment/config.js";
import { runListStage } from "../../src/experiment/list-stages.js";
import { runTask, type TaskRequest } from "../../src/experiment/run-task.js";
import { renderListStage } from "../../src/report/list-stages.js";

const out = mkdtempSync(join(tmpdir(), "llmrec-list-stages-"));

function request(settings: Readonly<Record<string, unknown>> = {}): TaskRequest {
  const quick = { samples: 2, epochs: 1, batchSize: 2, validation: 0, rank: 1, targets: ["q_proj"] };
  const config = resolveConfig([
    {
      ...{ world: { size: "tiny" }, task: { history: 3, future: 3, cases: 2, genres: [1] } },
      options: { "dlcrec-quota": { tuning: quick } },
      ...{ recommenders: ["popularity", "dlcrec-quota"], ks: [3] },
      ...settings,
    },
  ]);
  return {
    ...{ task: "controlled-list", command: "dlcrec", arguments: [], config, external: new Map() },
    ...{ out, fresh: false, cache: out, offline: true },
    ...{ progress: silentProgress(), signal: new AbortController().signal },
  };
}

describe("a run that stops after a stage", () => {
  it("leaves the stage's answers in the run folder, and the whole run goes on from there", async () => {
    const result = await runListStage(request(), "gp");
    const { folder, answers } = result;
    // Only who has the stage: a file for the lists without a wish, and one for those of one genre.
    expect(answers.map(({ recommender, seed, files }) => [recommender, seed, files.length])).toEqual([
      ["dlcrec-quota", 1, 2],
    ]);
    const [{ files }] = answers;
    for (const file of files) expect(file.startsWith(join(folder.stages, "gp-"))).toBe(true);
    const lines = readFileSync(files[1], "utf8").trim().split("\n");
    expect(lines).toHaveLength(2);
    expect(Object.keys(JSON.parse(lines[0]) as object)).toEqual(["prompt", "answer"]);
    expect(renderListStage(result)).toContain(`dlcrec-quota, seed 1:\n  ${files[0]}`);
    expect(readdirSync(folder.cases)).toEqual([]);

    const before = files.map((file) => statSync(file).mtimeMs);
    const run = await runTask(request());
    expect(run.folder.path).toBe(folder.path);
    expect(run.scoreboard.rows.map(({ recommender }) => recommender)).toEqual(["popularity", "dlcrec-quota"]);
    expect(run.scoreboard.rows[1].metrics["gp-unreadable/n=1"].mean).toBe(0);
    expect(files.map((file) => statSync(file).mtimeMs)).toEqual(before);
    expect(
      readdirSync(folder.stages)
        .filter((name) => name.startsWith("gp-"))
        .sort(),
    ).toHaveLength(3);
  }, 240_000);

  it("refuses a stage that nobody takes, and options that are still to be searched", async () => {
    await expect(runListStage(request(), "gf")).rejects.toMatchObject({ code: "NO_STAGE" });
    await expect(runListStage(request({ tune: 2 }), "gp")).rejects.toMatchObject({ code: "TUNED_STAGE" });
  });
});
