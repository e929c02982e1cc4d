/**
 * One of our recommenders on one split, in a process of its own:
 * `tsx recommenders-ours.ts MODEL OPTIONS TRAIN_CSV USERS ITEMS SCORES_OUT`.
 * Prints {"fit": seconds, "score": seconds, "cpu": seconds of both on all threads, "peak": MiB of the process} and writes the scores [users, items] as raw float32.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CostMeter } from "../../src/core/cost.js";
import { silentProgress } from "../../src/core/progress.js";
import { Random } from "../../src/core/random.js";
import { StageStore } from "../../src/core/stages.js";
import { csrFromPairs } from "../../src/data/csr.js";
import type { RunContext } from "../../src/recommenders/recommender.js";
import { resolveOptions, selectRecommenders } from "../../src/recommenders/registry.js";
import type { ColdStartTraining } from "../../src/tasks/cold-start.js";

const [model, optionText, trainCsv, userText, itemText, out] = process.argv.slice(2);
const { seed = 1, ...options } = JSON.parse(optionText) as Record<string, unknown> & { seed?: number };
const [users, items] = [Number(userText), Number(itemText)];
const pairs = readFileSync(trainCsv, "utf8")
  .trim()
  .split("\n")
  .slice(1)
  .map((line) => line.split(",").map(Number));
const [rowOf, columnOf] = [0, 1].map((n) => Int32Array.from(pairs, (pair) => pair[n]));
const keys = (count: number) => Array.from({ length: count }, (_, n) => String(n));
const blanks = keys(items).map(() => "");
const none = csrFromPairs(users, items, [], []);
const matrix = csrFromPairs(users, items, rowOf, columnOf);
const coldItems = new Uint8Array(items).fill(1);
for (const item of matrix.indices) coldItems[item] = 0;
const train: ColdStartTraining = {
  users: { keys: keys(users), attributes: {} },
  items: {
    keys: keys(items),
    titles: blanks,
    texts: {},
    categoryNames: [],
    categories: blanks.map(() => []),
    attributes: {},
  },
  interactions: { users: rowOf, items: columnOf, values: null, times: null },
  matrix,
  coldItems,
  validation: { warm: none, cold: none },
  hash: "peers",
};

const [recommender] = selectRecommenders("cold-start", [model]);
const folder = mkdtempSync(join(tmpdir(), "llmrec-peers-"));
const cost = new CostMeter();
const context: RunContext = {
  random: Random.fromSeed(seed),
  seed,
  stages: new StageStore(folder, new Map(), model, cost),
  cost,
  progress: silentProgress(),
  signal: new AbortController().signal,
  llm: () => Promise.reject(new Error("no language model here")),
};
// Theirs have imported their libraries by now, too.
await import("onnxruntime-node");
const before = process.cpuUsage();
const begun = performance.now();
const fitted = await recommender.fit(train, resolveOptions(recommender, options), context);
const done = performance.now();
const cases = Array.from({ length: users }, (_, user) => ({ user }));
const scores = await fitted.answer(cases, context);
const end = performance.now();
const { user, system } = process.cpuUsage(before);
rmSync(folder, { recursive: true });
writeFileSync(out, scores);
console.log(
  JSON.stringify({
    fit: (done - begun) / 1000,
    score: (end - done) / 1000,
    cpu: (user + system) / 1e6,
    peak: process.resourceUsage().maxRSS / 1024,
  }),
);
