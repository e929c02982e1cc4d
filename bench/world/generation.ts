/**
 * Time and peak memory of making the embedded world, each size in a process of its own.
 *
 * npx tsc -p tsconfig.build.json && npx tsx bench/world/generation.ts [--sizes tiny,small,ml-1m,million]
 *
 * `ml-1m` has the size of MovieLens 1M and is made in memory; `million` has a million users with twenty interactions
 * each and is streamed to Parquet in a temporary folder. The compiled program is measured, since it is what users run.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const SIZES: Readonly<Record<string, unknown>> = {
  tiny: "tiny",
  small: "small",
  "ml-1m": { users: 6040, films: 3706, interactions: 1_000_209, dialogues: 0 },
  million: { users: 1_000_000, films: 1500, interactions: 20_000_000, dialogues: 0 },
};

const { values } = parseArgs({ options: { sizes: { type: "string", default: "tiny,small,ml-1m,million" } } });
const world = new URL("../../dist/src/data/world/", import.meta.url).href;

for (const name of values.sizes.split(",")) {
  const folder = mkdtempSync(join(tmpdir(), "llmrec-bench-"));
  const options = JSON.stringify({ size: SIZES[name] });
  const make =
    name === "million"
      ? `const { streamWorld } = await import("${world}stream.js"); const rows = await streamWorld(${JSON.stringify(folder)}, ${options});`
      : `const { worldDataset } = await import("${world}world.js"); const rows = worldDataset(${options}).interactions.users.length;`;
  const script = `const start = performance.now(); ${make}
    const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
    console.log(JSON.stringify({ rows, seconds: (performance.now() - start) / 1000,
      processorSeconds: (userCPUTime + systemCPUTime) / 1e6, peakMegabytes: maxRSS / 1024 }));`;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  console.log(name, output.trim(), `${Math.round(bytesIn(folder) / 1e6)} MB on disk`);
  rmSync(folder, { recursive: true });
}

function bytesIn(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => statSync(join(folder, name)))
    .reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);
}
