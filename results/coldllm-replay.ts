/**
 * Makes results/cold-start-coldllm-citeulike/: the answers published with ColdLLM, scored here.
 *
 *     npx tsx results/coldllm-replay.ts path/to/citeulike-a path/for/runs als lightgcn
 *
 * docs/coldllm.md says where the files come from. The result is equal from run to run; what the folder for runs holds
 * already is not trained again.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../src/core/files.js";
import { createProgress } from "../src/core/progress.js";
import { replayColdLlm, type ReplayBackbone } from "../src/experiment/coldllm-replay.js";
import { coldLlmReplayJson, renderColdLlmReplay } from "../src/report/coldllm-replay.js";

const [data, out, ...backbones] = process.argv.slice(2);
if (backbones.length === 0) throw new Error("name the folder of the data, one for runs, and backbones");
const replay = await replayColdLlm({
  ...{ data, out },
  backbones: backbones as ReplayBackbone[],
  seeds: [1],
  fresh: false,
  cache: join(out, "cache"),
  arguments: [],
  progress: createProgress({ quiet: false }),
  signal: new AbortController().signal,
});
const folder = join(packageRoot(), "results", "cold-start-coldllm-citeulike");
await mkdir(folder, { recursive: true });
await writeFile(join(folder, "replay.json"), JSON.stringify(coldLlmReplayJson(replay), null, 2) + "\n");
await writeFile(join(folder, "table.md"), renderColdLlmReplay(replay, "md", { width: 110, ansi: false }));
