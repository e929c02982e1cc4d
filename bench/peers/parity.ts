/**
 * BPR-MF, LightGCN and SASRec beside RecBole's on MovieLens 100K: RecBole's split, options, early stopping and metric (full ranking, NDCG@10),
 * mean of some seeds. RecBole runs whole: its data set, sampler, loader, trainer and evaluation.
 *
 *     python3 -m venv peers && peers/bin/pip install recbole==1.2.1 "numpy<2" "pandas<3" torch scipy
 *     npx tsx bench/peers/parity.ts --data ../shared/data/ml-100k --python peers/bin/python --model bpr-mf [--seeds 1,2,3] [--only ours|recbole]
 *
 * Both sides' scores go through one evaluator; RecBole's own figure stands beside it. Ratings count as interactions.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Progress, silentProgress } from "../../src/core/progress.js";
import { csrFromPairs, rowIndices } from "../../src/data/csr.js";
import { CaseRanker } from "../../src/metrics/ranking/rank.js";
import { resolveOptions, selectRecommenders } from "../../src/recommenders/registry.js";
import type { ScoringFitted } from "../../src/recommenders/sequential/scorer.js";
import { contend } from "./contend.js";
import { likesAndFields, openData } from "./data.js";
import { inRun, pairTraining, readColumns, sequenceTraining } from "./ours.js";
import { DEFAULTS, type ModelId, MODELS, theirOptions } from "./recbole-options.js";
import { startRecBole, writeAtomicFiles } from "./recbole.js";

const { values: flags } = parseArgs({
  options: {
    data: { type: "string", default: "../shared/data/ml-100k" },
    python: { type: "string", default: "python3" },
    model: { type: "string", default: "bpr-mf" },
    seeds: { type: "string", default: "1,2,3" },
    only: { type: "string", default: "" },
    /** Options to try out, JSON; `ours` alone or of both. */
    ours: { type: "string", default: "{}" },
    both: { type: "string", default: "{}" },
    /** Longest history of SASRec. */
    history: { type: "string", default: "50" },
  },
});
const history = Number(flags.history);

const id = flags.model as ModelId;
const isSequential = id === "sasrec";
const both = { ...DEFAULTS[id], epochs: 300, patience: 10, ...(JSON.parse(flags.both) as object) };

const dataset = await openData(flags.data);
const [users, items] = [dataset.users.keys.length, dataset.items.keys.length];
const folder = mkdtempSync(join(tmpdir(), "llmrec-parity-"));
const { labels, fields } = likesAndFields(dataset);
const columns = writeAtomicFiles(folder, dataset, fields, labels);
const peer = await startRecBole(
  flags.python,
  folder,
  MODELS[id].theirs,
  theirOptions(id, both, history, columns),
);
await peer.ask({ do: "split", into: folder });
const [train, valid, test] = ["train", "valid", "test"].map((part) =>
  readColumns(join(folder, `${part}.csv`)),
);
console.log(
  `${train[0].length} training, ${valid[0].length} validation and ${test[0].length} test interactions`,
);
const relevant = csrFromPairs(users, items, test[0], test[1]);
const known = csrFromPairs(users, items, [...train[0], ...valid[0]], [...train[1], ...valid[1]]);

interface Result {
  /** NDCG@10 and Recall@10; of sequences once among all items (RecBole's way) and once among those not yet seen. */
  metrics: Record<string, number>;
  note: string;
  seconds: number;
}

const everything = Int32Array.from({ length: items }, (_, item) => item);

function evaluate(scores: Float32Array): Record<string, number> {
  const ways = isSequential ? { "": false, " without seen items": true } : { "": true };
  const ranker = new CaseRanker([10]);
  const out: Record<string, number> = {};
  for (const [name, withoutKnown] of Object.entries(ways)) {
    const sums: Record<string, number> = { "ndcg@10": 0, "recall@10": 0 };
    let cases = 0;
    for (let user = 0; user < users; user++) {
      const own = rowIndices(relevant, user);
      if (own.length === 0) continue;
      cases++;
      const excluded = withoutKnown ? rowIndices(known, user) : new Int32Array(0);
      ranker.rank(scores.subarray(user * items, (user + 1) * items), {
        candidates: everything,
        excluded,
        relevant: own,
      });
      for (const metric of Object.keys(sums)) sums[metric] += ranker.values[ranker.names.indexOf(metric)];
    }
    for (const metric of Object.keys(sums)) out[metric + name] = sums[metric] / cases;
  }
  return out;
}

async function ours(seed: number): Promise<Result> {
  let note = "";
  const progress: Progress = { ...silentProgress(), note: (text) => void (note = text) };
  const begun = performance.now();
  const scores = await inRun(
    seed,
    async (context) => {
      const options = { ...both, ...(JSON.parse(flags.ours) as object) };
      if (isSequential) {
        const [recommender] = selectRecommenders("controlled-list", [id]);
        const training = sequenceTraining(users, items, train, history, valid);
        const fitted = await recommender.fit(training, resolveOptions(recommender, options), context);
        const asked = training.validation.toArray().map(({ user, past, future }) => ({
          user,
          history: Int32Array.of(...past, ...future),
        }));
        const rows = await (fitted as ScoringFitted).score(asked, context.signal);
        const out = new Float32Array(users * items);
        asked.forEach(({ user }, n) => {
          out.set(rows.subarray(n * items, (n + 1) * items), user * items);
        });
        return out;
      }
      const [recommender] = selectRecommenders("cold-start", [id]);
      const warm = csrFromPairs(users, items, valid[0], valid[1]);
      const training = pairTraining(users, items, train, warm);
      const fitted = await recommender.fit(training, resolveOptions(recommender, options), context);
      return fitted.answer(
        Array.from({ length: users }, (_, user) => ({ user })),
        context,
      );
    },
    progress,
  );
  return { metrics: evaluate(scores), note, seconds: (performance.now() - begun) / 1000 };
}

async function theirs(seed: number): Promise<Result> {
  const begun = performance.now();
  const file = join(folder, "scores.f32");
  const {
    epochs,
    best,
    test: own,
  } = await peer.ask<{ epochs: number; best: number; test: Record<string, number> }>({
    do: "fit",
    seed,
    scores: file,
  });
  const bytes = readFileSync(file);
  const scores = new Float32Array(bytes.buffer, bytes.byteOffset, users * items);
  return {
    metrics: evaluate(scores),
    note: `best epoch ${best} of ${epochs}; its own ndcg@10 ${own["ndcg@10"]}`,
    seconds: (performance.now() - begun) / 1000,
  };
}

const results = await contend<Result>({ ours, recbole: theirs }, flags.seeds, flags.only);
for (const [who, runs] of results) {
  const names = Object.keys(runs[0].metrics);
  const mean = (name: string) => runs.reduce((sum, { metrics }) => sum + metrics[name], 0) / runs.length;
  console.log(who, names.map((name) => `${name} ${mean(name).toFixed(4)}`).join(", "));
}
peer.stop();
rmSync(folder, { recursive: true });
