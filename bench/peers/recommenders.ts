/**
 * Our neighbours, EASE, ALS, BPR-MF and graph models beside RecBole's and implicit's on one split of MovieLens 100K: quality with one evaluator,
 * and seconds. Every trial is a process of its own, ours and theirs in turns, so that a busy machine slows both.
 *
 *     python3 -m venv peers && peers/bin/pip install recbole==1.2.1 implicit==0.7.3 "numpy<2.5" torch scipy
 *     npx tsx bench/peers/recommenders.ts --data ../shared/data/ml-100k --python peers/bin/python
 *
 * The split: interaction (u, i), numbered by the tables from 0, is a test interaction when {@link mixed}(u, i) mod 5 is 0;
 * all others train. Ratings count as interactions, whatever their value.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { csrFromPairs, rowIndices } from "../../src/data/csr.js";
import { readDataset } from "../../src/data/readers/index.js";
import { CaseRanker } from "../../src/metrics/ranking/rank.js";

const { values: flags } = parseArgs({
  options: {
    data: { type: "string", default: "../shared/data/ml-100k" },
    python: { type: "string", default: "python3" },
    rounds: { type: "string", default: "3" },
    epochs: { type: "string", default: "40" },
    seeds: { type: "string", default: "5" },
    only: { type: "string", default: "" },
  },
});

const knn = { k: 100, shrink: 0 };
/** A fixed number of epochs on both sides: early stopping would compare two stopping rules. */
const pairwise = { embeddingSize: 64, batchSize: 2048, epochs: Number(flags.epochs) };
const PAIRS = [
  {
    ours: "item-knn",
    theirs: "recbole-item-knn",
    options: knn,
    extra: { neighboursOf: "candidate" },
    seeds: [1],
  },
  {
    ours: "item-knn",
    theirs: "implicit-item-knn",
    options: knn,
    extra: { neighboursOf: "history" },
    seeds: [1],
  },
  { ours: "user-knn", theirs: "recbole-user-knn", options: knn, extra: {}, seeds: [1] },
  { ours: "ease", theirs: "recbole-ease", options: { lambda: 250 }, extra: {}, seeds: [1] },
  {
    ours: "als",
    theirs: "implicit-als",
    options: { factors: 64, regularization: 10, alpha: 3, iterations: 15 },
    extra: { scaling: 0 },
    seeds: [1, 2, 3, 4, 5],
  },
  {
    ours: "bpr-mf",
    theirs: "recbole-bpr",
    options: { ...pairwise, learningRate: 0.005 },
    extra: {},
    seeds: [1, 2, 3],
  },
  {
    ours: "lightgcn",
    theirs: "recbole-lightgcn",
    options: { ...pairwise, learningRate: 0.005, layers: 2, regularization: 1e-4 },
    extra: {},
    seeds: [1, 2, 3],
  },
  {
    ours: "ngcf",
    theirs: "recbole-ngcf",
    options: { ...pairwise, learningRate: 0.001, layers: 3, dropout: 0.1 },
    extra: { regularization: 0 },
    seeds: [1, 2, 3],
  },
].filter(({ ours }) => flags.only === "" || flags.only.split(",").includes(ours));

const dataset = await readDataset({ path: flags.data });
const { interactions } = dataset;
const [users, items] = [dataset.users.keys.length, dataset.items.keys.length];

/** A 32-bit number from a pair, well mixed (MurmurHash3's finaliser), so that the split has no pattern to learn. */
function mixed(user: number, item: number): number {
  let hash = Math.imul(user + 1, 0x9e3779b1) ^ (item + 1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

const inTest = interactions.users.map((user, n) => Number(mixed(user, interactions.items[n]) % 5 === 0));
const part = (wanted: number) => {
  const positions = Array.from(inTest.keys()).filter((n) => inTest[n] === wanted);
  return csrFromPairs(
    users,
    items,
    positions.map((n) => interactions.users[n]),
    positions.map((n) => interactions.items[n]),
  );
};
const [train, test] = [part(0), part(1)];
const folder = mkdtempSync(join(tmpdir(), "llmrec-peers-"));
const trainCsv = join(folder, "train.csv");
const lines = ["user,item"];
for (let user = 0; user < users; user++) {
  for (const item of rowIndices(train, user)) lines.push(`${user},${item}`);
}
writeFileSync(trainCsv, lines.join("\n") + "\n");
console.log(
  `${dataset.name}: ${users} users, ${items} items, ${train.indices.length} training and ${test.indices.length} test interactions`,
);

const METRICS = ["recall@20", "ndcg@20", "ndcg@10"];

function evaluate(file: string): number[] {
  const bytes = readFileSync(file);
  const scores = new Float32Array(bytes.buffer, bytes.byteOffset, users * items);
  const trained = new Set(train.indices);
  const candidates = Int32Array.from([...trained].sort((a, b) => a - b));
  const ranker = new CaseRanker([10, 20]);
  const sums = METRICS.map(() => 0);
  let cases = 0;
  for (let user = 0; user < users; user++) {
    const relevant = rowIndices(test, user);
    if (relevant.length === 0) continue;
    const row = scores.subarray(user * items, (user + 1) * items);
    const found = ranker.rank(row, { candidates, excluded: rowIndices(train, user), relevant });
    METRICS.forEach((name, n) => (sums[n] += found[ranker.names.indexOf(name)]));
    cases++;
  }
  return sums.map((sum) => sum / cases);
}

interface Trial {
  fit: number;
  score: number;
  /** Processor seconds of both, all threads. */
  cpu: number;
  /** Most memory of the process, MiB. */
  peak: number;
  metrics: number[];
}

function trial(command: string, script: string[], model: string, options: object): Trial {
  const out = join(folder, "scores.f32");
  const given = [model, JSON.stringify(options), trainCsv, String(users), String(items), out];
  // Settings for old processors would slow OpenBLAS down.
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    OPENBLAS_NUM_THREADS: model.startsWith("implicit") ? "1" : "2",
  };
  delete env.OPENBLAS_CORETYPE;
  delete env.OPENBLAS_L2_SIZE;
  const printed = execFileSync(command, [...script, ...given], { encoding: "utf8", env });
  const seconds = JSON.parse(printed.trim().split("\n").at(-1)!) as Omit<Trial, "metrics">;
  return { ...seconds, metrics: evaluate(out) };
}

const here = import.meta.dirname;
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const median = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1];
const spread = (values: number[]) => {
  if (values.length < 2) return "";
  const middle = mean(values);
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
  return ` ± ${sd.toFixed(4)}`;
};

console.log(`| model | options | ${METRICS.join(" | ")} | fit s | score s | both, CPU s | peak MiB |`);
console.log(`| --- | --- |${METRICS.map(() => " ---: |").join("")} ---: | ---: | ---: | ---: |`);
for (const { ours, theirs, options, extra, seeds } of PAIRS) {
  const results: Record<"ours" | "theirs", Trial[]> = { ours: [], theirs: [] };
  const runs =
    seeds.length > 1
      ? seeds.slice(0, Number(flags.seeds))
      : Array.from({ length: Number(flags.rounds) }, () => seeds[0]);
  for (const seed of runs) {
    const tsx = ["--import", "tsx", join(here, "recommenders-ours.ts")];
    const own = { ...options, ...extra, seed };
    results.ours.push(trial(process.execPath, tsx, ours, own));
    const python = [join(here, "recommenders-theirs.py")];
    results.theirs.push(trial(flags.python, python, theirs, { ...options, seed }));
  }
  for (const [side, name] of [
    ["ours", ours],
    ["theirs", theirs],
  ] as const) {
    const trials = results[side];
    const shown = METRICS.map((_, n) => {
      const values = trials.map(({ metrics }) => metrics[n]);
      return `${mean(values).toFixed(4)}${seeds.length > 1 ? spread(values) : ""}`;
    });
    const text = JSON.stringify(side === "ours" ? { ...options, ...extra } : options).replaceAll('"', "");
    const seconds = (["fit", "score", "cpu", "peak"] as const).map((key) =>
      median(trials.map((one) => one[key])).toFixed(2),
    );
    console.log(`| ${name} | ${text} | ${shown.join(" | ")} | ${seconds.join(" | ")} |`);
  }
}
rmSync(folder, { recursive: true });
