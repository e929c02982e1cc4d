import { execFile } from "node:child_process";
import { cp, mkdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { packageRoot } from "../../src/core/files.js";
import { run, temporaryFolder } from "./cli.js";

interface Result {
  rows: { recommender: string; metrics: Record<string, { mean: number; n: number } | null> }[];
  notes: string[];
  run: { dir: string };
}

describe("the example plugin", () => {
  let folder: string;
  beforeAll(async () => {
    // As in a user's project: the program installed under node_modules, the plugin beside it.
    folder = await temporaryFolder();
    const plugin = join(folder, "node_modules", "llmrec-plugin-example");
    await mkdir(join(folder, "node_modules"));
    await cp(join(packageRoot(), "examples", "plugin"), plugin, { recursive: true });
    await symlink(packageRoot(), join(folder, "node_modules", "llmrec-bench"));
    const tsc = join(packageRoot(), "node_modules", "typescript", "bin", "tsc");
    await promisify(execFile)(process.execPath, [tsc], { cwd: plugin });
  });

  it("is built against the package's own types, and its recommender, metric and data set take part", async () => {
    const words = ["coldllm", "--plugin", "llmrec-plugin-example", "--dataset", "bookshelf"];
    const recommenders = ["--recommenders", "popularity,recent-popularity"];
    const done = await run(
      [
        ...words,
        ...recommenders,
        "--set",
        "recent-popularity.halfLife=10",
        "--compare-to",
        "popularity",
        "--json",
      ],
      folder,
    );
    expect(done).toMatchObject({ code: 0 });
    const result = JSON.parse(done.stdout) as Result;
    expect(result.notes).toContain("These books do not exist.");
    expect(result.rows.map(({ recommender }) => recommender)).toEqual(["popularity", "recent-popularity"]);
    const variety = result.rows[1].metrics["title-variety@20/warm"];
    expect(variety?.mean).toBeGreaterThan(0.5);
    expect(variety?.mean).toBeLessThanOrEqual(1);
    const manifest = JSON.parse(await readFile(join(folder, result.run.dir, "manifest.json"), "utf8")) as {
      plugins: Record<string, string>;
      recommenders: Record<string, unknown>;
    };
    expect(manifest.plugins["llmrec-plugin-example"]).toMatch(/^[0-9a-f]{16}$/);
    expect(manifest.recommenders["recent-popularity"]).toEqual({ halfLife: 10 });
  });

  it("is named where it is missing", async () => {
    const { code, stderr } = await run(["coldllm", "--plugin", "llmrec-plugin-none"], folder);
    expect([code, stderr]).toEqual([2, expect.stringContaining("npm install llmrec-plugin-none") as string]);
  });
});
