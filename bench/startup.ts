/**
 * How long `llmrec --help` and `--version` take, from start to exit, on the built program: budget 0.4 s each.
 *
 *     npm run build && npx tsx bench/startup.ts
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { packageRoot } from "../src/core/files.js";

const RUNS = 15;
const program = join(packageRoot(), "bin", "run.js");

for (const words of [["--version"], ["--help"], ["coldllm", "--help"]]) {
  const seconds = Array.from({ length: RUNS }, () => {
    const began = performance.now();
    const { status, stderr } = spawnSync(process.execPath, [program, ...words]);
    if (status !== 0) throw new Error(stderr.toString());
    return (performance.now() - began) / 1000;
  }).sort((a, b) => a - b);
  const at = (share: number) => seconds[Math.floor(share * (RUNS - 1))].toFixed(3);
  console.log(
    `llmrec ${words.join(" ").padEnd(16)} median ${at(0.5)} s, fastest ${at(0)} s, slowest ${at(1)} s`,
  );
}
