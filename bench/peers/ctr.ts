/**
 * Our DeepFM beside RecBole's on one split of MovieLens 100K with the same fields, options and early stopping: test AUC,
 * log loss and the median seconds of a training epoch, ours and theirs in turns so that a busy machine slows both.
 *
 *     python3 -m venv peers && peers/bin/pip install recbole==1.2.1 "numpy<2" "pandas<3" torch scipy
 *     npx tsx bench/peers/ctr.ts --data ../shared/data/ml-100k --python peers/bin/python --seeds 1,2,3
 *
 * The split is `ratio` with its defaults (80/10/10 of each user, seed 42); a like is a rating of 4 or 5. RecBole gets the codes of
 * our fields as tokens, so both see user, item, age, gender, occupation, year and genres alike.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { silentProgress, type Progress } from "../../src/core/progress.js";
import { Random } from "../../src/core/random.js";
import { readDataset } from "../../src/data/readers/index.js";
import { makeSplit } from "../../src/data/splits/strategies.js";
import { auc } from "../../src/metrics/ctr/auc.js";
import { logLosses } from "../../src/metrics/ctr/probability.js";
import { fieldsOf } from "../../src/recommenders/ctr/fields.js";
import { deepfm } from "../../src/recommenders/ctr/models/deepfm.js";
import { initialParameters } from "../../src/recommenders/ctr/network.js";
import { deepOptions } from "../../src/recommenders/ctr/options.js";
import { predictorOf, trainCtr } from "../../src/recommenders/ctr/train.js";
import { ctrOptions, ctrProtocol } from "../../src/tasks/ctr-protocol.js";
import type { CtrRows } from "../../src/tasks/ctr.js";
import { contend } from "./contend.js";

const { values: flags } = parseArgs({
  options: {
    data: { type: "string", default: "../shared/data/ml-100k" },
    python: { type: "string", default: "python3" },
    seeds: { type: "string", default: "1,2,3" },
    /** Only `ours` or only `recbole`. */
    only: { type: "string", default: "" },
    epochs: { type: "string", default: "60" },
  },
});

/** RecBole's own defaults for DeepFM, with at most 60 epochs and patience 5. */
const options = deepOptions.parse({
  embedding: 10,
  hidden: [128, 128, 128],
  dropout: 0.2,
  l2: 0,
  epochs: Number(flags.epochs),
  patience: 5,
});

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
  const random = Random.fromSeed(seed);
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
  const signal = new AbortController().signal;
  const initial = initialParameters(deepfm, fields, options.embedding, options, random.fork("init"));
  const trained = await trainCtr("deepfm", deepfm, training, fields, initial, options, {
    random,
    progress,
    signal,
  });
  const predictor = predictorOf(deepfm, fields, options, 0);
  const pairs = Array.from(test.users, (user, n) => ({ user, item: test.items[n] }));
  const answers = await predictor.predict(trained, pairs);
  await predictor.release();
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
    JSON.stringify(options),
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
    fields.write(user, item, row, 0);
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
