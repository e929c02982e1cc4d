/**
 * Makes results/controlled-list-stages-world/: DLCRec's stages apart (each given the truth) and chained, and the ablation of its training
 * samples, on the embedded world with the embedded model.
 *
 *     npx tsx results/dlcrec-stages.ts
 *
 * It has the windows of results/controlled-list-world.yaml, and a third of its samples for each of the eight lines. The result is equal
 * from run to run.
 */
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CostMeter } from "../src/core/cost.js";
import { packageRoot } from "../src/core/files.js";
import { createProgress } from "../src/core/progress.js";
import { Random } from "../src/core/random.js";
import { StageStore } from "../src/core/stages.js";
import { readConfigFile, resolveConfig } from "../src/experiment/config.js";
import { runFolder } from "../src/experiment/run-folder.js";
import { RunModel } from "../src/experiment/run-model.js";
import { layOutTask } from "../src/experiment/run-task.js";
import { parseModelSpec } from "../src/llm/spec.js";
import { dlcrec, tunePipeline } from "../src/methods/dlcrec/dlcrec.js";
import { separateAndChained, type StageScores } from "../src/methods/dlcrec/separate.js";
import { resolveOptions } from "../src/recommenders/registry.js";
import { controlledListProtocol, controlledListOptions } from "../src/tasks/controlled-list-protocol.js";

/** The paper's lines: samples of IP and of GF. */
const LINES = [
  ["none", "none"],
  ["nd", "none"],
  ["nd", "n"],
  ["nd", "d"],
  ["nd", "nd"],
  ["none", "nd"],
  ["n", "nd"],
  ["d", "nd"],
] as const;

const TUNING = { samples: 300, epochs: 2, batchSize: 8, validation: 0 };

const root = packageRoot();
const config = resolveConfig([await readConfigFile(join(root, "results", "controlled-list-world.yaml"))]);
const out = process.argv.at(2) ?? (await mkdtemp(join(tmpdir(), "llmrec-stages-")));
const progress = createProgress({ quiet: false });
const { signal } = new AbortController();
const shared = { progress, signal, cache: out, offline: true };
const { dataset, split } = await layOutTask("controlled-list", config, shared);
const { training, test } = controlledListProtocol(dataset, split, controlledListOptions.parse(config.task));
const folder = runFolder(out, "dlcrec", config);
await mkdir(folder.stages, { recursive: true });
const model = new RunModel({ spec: parseModelSpec(config.llm), folder, offline: true, progress, signal });
const lines: { ip: string; gf: string; separate: StageScores; chained: StageScores }[] = [];
for (const [ip, gf] of LINES) {
  const cost = new CostMeter();
  const context = {
    ...{ seed: 1, random: Random.fromSeed(1), cost, progress, signal },
    stages: new StageStore(folder.stages, new Map(), dlcrec.id, cost),
    llm: () => model.open(dlcrec.id),
  };
  const options = { ...resolveOptions(dlcrec, { tuning: TUNING }), ip, gf };
  const tuned = await tunePipeline(training, options, ["gp", "gf", "ip"], context);
  const { separate, chained } = await separateAndChained(tuned, test, context);
  lines.push({ ip, gf, separate, chained });
}
await model.close();

const target = join(root, "results", "controlled-list-stages-world");
await mkdir(target, { recursive: true });
await writeFile(
  join(target, "stages.json"),
  JSON.stringify({ windows: test.length, seed: 1, lines }, null, 2) + "\n",
);
const cells = (scores: StageScores) =>
  [
    scores.gpError,
    scores.gpRecall,
    scores.gfError,
    scores.gfRecall,
    scores.ipMatch,
    scores.ndcg,
    scores.hr,
  ].map((value) => value.toFixed(4));
const row = (words: readonly string[]) => `| ${words.join(" | ")} |\n`;
const table =
  row(["IP", "GF", "", "GP error", "GP recall", "GF error", "GF recall", "IP match", "NDCG", "HR"]) +
  row(["---", "---", "---", ...Array.from({ length: 7 }, () => "--:")]) +
  lines
    .map(
      ({ ip, gf, separate, chained }) =>
        row([ip, gf, "separate", ...cells(separate)]) + row(["", "", "chained", ...cells(chained)]),
    )
    .join("");
await writeFile(join(target, "table.md"), table);
