/**
 * A click-through model of ours beside RecBole's on one split of MovieLens 100K with the same fields, options and early stopping: test AUC,
 * log loss and the median seconds of a training epoch, ours and theirs in turns so that a busy machine slows both.
 *
 *     python3 -m venv peers && peers/bin/pip install recbole==1.2.1 "numpy<2" "pandas<3" torch scipy
 *     npx tsx bench/peers/ctr.ts --data ../shared/data/ml-100k --python peers/bin/python --seeds 1,2,3 [--model deepfm]
 *
 * The split is `ratio` with its defaults (80/10/10 of each user, seed 42); a like is a rating of 4 or 5. RecBole gets the codes of
 * our fields as tokens, so both see user, item, age, gender, occupation, year and genres alike.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { CostMeter } from "../../src/core/cost.js";
import { silentProgress, type Progress } from "../../src/core/progress.js";
import { Random } from "../../src/core/random.js";
import { StageStore } from "../../src/core/stages.js";
import { readDataset } from "../../src/data/readers/index.js";
import { makeSplit } from "../../src/data/splits/strategies.js";
import { auc } from "../../src/metrics/ctr/auc.js";
import { logLosses } from "../../src/metrics/ctr/probability.js";
import { fieldsOf } from "../../src/recommenders/ctr/fields.js";
import { CTR_NETWORKS } from "../../src/recommenders/ctr/recommenders.js";
import type { RunContext } from "../../src/recommenders/recommender.js";
import { ctrOptions, ctrProtocol } from "../../src/tasks/ctr-protocol.js";
import type { CtrRows } from "../../src/tasks/ctr.js";
import { contend } from "./contend.js";

const { values: flags } = parseArgs({
  options: {
    data: { type: "string", default: "../shared/data/ml-100k" },
    python: { type: "string", default: "python3" },
    model: { type: "string", default: "deepfm" },
    seeds: { type: "string", default: "1,2,3" },
    /** Only `ours` or only `recbole`. */
    only: { type: "string", default: "" },
    epochs: { type: "string", default: "60" },
  },
});

const DEEP = { embedding: 10, hidden: [128, 128, 128], dropout: 0.2 };

/** The models of both: RecBole's name, options here, and what RecBole calls those that are the model's alone. */
const MODELS = {
  lr: { name: "LR", own: {}, theirs: {} },
  fm: { name: "FM", own: { embedding: 10 }, theirs: {} },
  deepfm: { name: "DeepFM", own: DEEP, theirs: {} },
  dcnv2: {
    ...{ name: "DCNV2", own: { ...DEEP, crossLayers: 3 } },
    theirs: { structure: "parallel", mixed: false, cross_layer_num: 3, reg_weight: 0 },
  },
  autoint: {
    ...{ name: "AutoInt", own: { ...DEEP, layers: 3, heads: 2, headWidth: 8 } },
    theirs: { attention_size: 16, n_layers: 3, num_heads: 2, dropout_probs: [0, DEEP.dropout, 0] },
  },
  xdeepfm: {
    ...{ name: "xDeepFM", own: { ...DEEP, maps: [16, 16, 16] } },
    theirs: { cin_layer_size: [16, 16, 16], direct: true, reg_weight: 0 },
  },
} as const;

const id = flags.model as keyof typeof MODELS;
if (!Object.hasOwn(MODELS, id)) throw new Error(`--model is one of ${Object.keys(MODELS).join(", ")}`);
const backbone = CTR_NETWORKS[id];

/** RecBole's own defaults for DeepFM, for all, with at most 60 epochs and patience 5. */
const options = backbone.options.parse({
  ...MODELS[id].own,
  l2: 0,
  learningRate: 1e-3,
  epochs: Number(flags.epochs),
  patience: 5,
}) as Record<string, unknown>;

const dataset = await readDataset({ path: flags.data });
const protocol = ctrProtocol(dataset, makeSplit(dataset, "ratio"), ctrOptions.parse({}));
const { training, test } = protocol;
const fields = fieldsOf(training);
// RecBole logs to where it runs: the temporary folder, so a path given from here must be whole.
const python = flags.python.includes("/") ? resolve(flags.python) : flags.python;
const folder = mkdtempSync(join(tmpdir(), "llmrec-ctr-"));
const columns = writeTheirFiles();

const results = await contend<Result>({ ours, recbole: theirs }, flags.seeds, flags.only);
for (const [who, runs] of results) {
  const mean = (key: keyof Result) => runs.reduce((sum, run) => sum + run[key], 0) / runs.length;
  console.log(who, `AUC ${mean("auc").toFixed(4)}, log loss ${mean("logLoss").toFixed(4)},`);
  console.log(`  epoch ${mean("epochSeconds").toFixed(2)} s, ${mean("epochs").toFixed(1)} epochs`);
}
rmSync(folder, { recursive: true });

interface Result {
  auc: number;
  logLoss: number;
  epochs: number;
  epochSeconds: number;
}

async function ours(seed: number): Promise<Result> {
  const seconds: number[] = [];
  const silent = silentProgress();
  const progress: Progress = {
    ...silent,
    start(...given) {
      const begun = performance.now();
      const step = silent.start(...given);
      return {
        ...step,
        end: () => {
          seconds.push((performance.now() - begun) / 1000);
        },
      };
    },
  };
  const cost = new CostMeter();
  const stages = mkdtempSync(join(folder, "stages-"));
  const context: RunContext = {
    ...{ seed, random: Random.fromSeed(seed), cost, progress, signal: new AbortController().signal },
    stages: new StageStore(stages, new Map(), id, cost),
    llm: () => Promise.reject(new Error("no language model here")),
  };
  const network = await backbone.network(training, options, context);
  const answers = await network.predict(Array.from(test.users, (_, n) => protocol.caseOf(n)));
  const losses = logLosses(test.labels, answers);
  const epochSeconds = [...seconds].sort((a, b) => a - b)[seconds.length >> 1];
  return {
    auc: auc(test.labels, answers),
    logLoss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
    epochs: seconds.length,
    epochSeconds,
  };
}

function theirs(seed: number): Result {
  const script = join(import.meta.dirname, "ctr-theirs.py");
  const given = [
    script,
    folder,
    columns.user.join(),
    columns.item.join(),
    JSON.stringify({ ...options, model: MODELS[id].name, theirs: MODELS[id].theirs }),
    String(seed),
  ];
  const text = execFileSync(python, given, {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  return JSON.parse(text.trim().split("\n").at(-1)!) as Result;
}

function writeTheirFiles(): { user: string[]; item: string[] } {
  const into = join(folder, "ours");
  mkdirSync(into);
  const codes = (user: number, item: number) => {
    const row = new Int32Array(fields.names.length);
    fields.write({ user, item }, row, 0);
    return row;
  };
  const write = (name: string, header: readonly string[], rows: readonly (readonly unknown[])[]) => {
    writeFileSync(join(into, name), [header, ...rows].map((row) => row.join("\t")).join("\n") + "\n");
  };
  const side = (which: string) =>
    fields.names.flatMap((name, f) =>
      name.startsWith(`${which} `) ? [{ f, column: name.slice(which.length + 1) }] : [],
    );
  const [userSide, itemSide] = [side("user"), side("item")];
  write(
    "ours.user",
    ["user_id:token", ...userSide.map(({ column }) => `${column}:token`)],
    training.users.keys.map((_, user) => [user, ...userSide.map(({ f }) => codes(user, 0)[f])]),
  );
  write(
    "ours.item",
    ["item_id:token", ...itemSide.map(({ column }) => `${column}:token`), "genres:token_seq"],
    training.items.keys.map((_, item) => [
      item,
      ...itemSide.map(({ f }) => codes(0, item)[f]),
      training.items.categories[item].map((genre) => `g${genre}`).join(" "),
    ]),
  );
  const pairs = ({ users, items, labels }: CtrRows) =>
    Array.from(users, (user, n) => [user, items[n], labels[n]] as const);
  const header = ["user_id:token", "item_id:token", "label:float"];
  write("ours.train.inter", header, pairs(training.rows));
  write("ours.valid.inter", header, pairs(training.validation));
  write("ours.test.inter", header, pairs(test));
  return {
    user: userSide.map(({ column }) => column),
    item: [...itemSide.map(({ column }) => column), "genres"],
  };
}
