/**
 * An epoch of BPR-MF, LightGCN, SASRec and DeepFM beside RecBole's, with the same data, options and batches: seconds on the wall,
 * processor seconds of all threads, and the most memory of the process. Ours and theirs are two processes that take turns, so
 * that a busy machine slows both; ratios are those of one round.
 *
 *     python3 -m venv peers && peers/bin/pip install recbole==1.2.1 "numpy<2" "pandas<3" torch scipy
 *     npx tsx bench/peers/epochs.ts --data ../shared/data/ml-100k --python peers/bin/python [--models bpr-mf,sasrec] [--rounds 5] [--steps 0]
 *     npx tsx bench/peers/epochs.ts --data world:6040,3706,1000000 --python peers/bin/python --steps 10
 *
 * A turn is a whole epoch, or `--steps` batches of one where an epoch takes minutes: its seconds are then scaled to an epoch.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { likesAndFields, openData } from "./data.js";
import { DEFAULTS, type ModelId, MODELS, theirOptions } from "./recbole-options.js";
import { type Peer, startPeer, startRecBole, writeAtomicFiles } from "./recbole.js";

const { values: flags } = parseArgs({
  options: {
    data: { type: "string", default: "../shared/data/ml-100k" },
    python: { type: "string", default: "python3" },
    models: { type: "string", default: "bpr-mf,lightgcn,sasrec,deepfm" },
    rounds: { type: "string", default: "5" },
    /** Batches of a turn; 0: an epoch. */
    steps: { type: "string", default: "0" },
    history: { type: "string", default: "50" },
    /** Options of ours alone, JSON by model: {"sasrec": {"targets": 1}}. */
    ours: { type: "string", default: "{}" },
  },
});
const history = Number(flags.history);
const extra = JSON.parse(flags.ours) as Partial<Record<ModelId, object>>;

interface Turn {
  seconds: number;
  cpu: number;
  steps: number;
  batches: number;
}

const spec = flags.data.startsWith("world:") ? flags.data : resolve(flags.data);
const dataset = await openData(spec);
const { labels, fields } = likesAndFields(dataset);
const folder = mkdtempSync(join(tmpdir(), "llmrec-epochs-"));
const columns = writeAtomicFiles(folder, dataset, fields, labels);
const { users, items, interactions } = dataset;
console.log(
  `${dataset.name}: ${users.keys.length} users, ${items.keys.length} items, ${interactions.users.length} interactions`,
);

const median = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1];
/** The first turn warms up (graphs are compiled) and does not count. */
async function takeTurns(peers: readonly Peer[]): Promise<Turn[][]> {
  const turns: Turn[][] = peers.map(() => []);
  for (let round = 0; round <= Number(flags.rounds); round++) {
    for (const [n, peer] of peers.entries()) {
      const turn = await peer.ask<Turn>({ do: "steps", count: Number(flags.steps) });
      const scale = turn.batches / turn.steps;
      if (round > 0) turns[n].push({ ...turn, seconds: turn.seconds * scale, cpu: turn.cpu * scale });
    }
  }
  return turns;
}

console.log(
  "| model | ours: epoch s | cpu s | peak MiB | RecBole: epoch s | cpu s | peak MiB | ratio of s | of bests | of cpu s | load |",
);
console.log(`| --- |${" ---: |".repeat(10)}`);
for (const id of flags.models.split(",") as ModelId[]) {
  const given = { ...DEFAULTS[id], epochs: 300, patience: 10 };
  const theirs = await startRecBole(
    flags.python,
    folder,
    MODELS[id].theirs,
    theirOptions(id, given, history, columns),
  );
  await theirs.ask({ do: "split", into: folder });
  const own = JSON.stringify({ ...DEFAULTS[id], ...extra[id] });
  const script = [join(import.meta.dirname, "epochs-ours.ts"), id, own, spec, folder, String(history)];
  const ours = await startPeer(process.execPath, ["--import", "tsx", ...script]);
  const peers = [ours, theirs];
  const turns = await takeTurns(peers);
  const cells: string[] = [];
  for (const [n, peer] of peers.entries()) {
    const { peak } = await peer.ask<{ peak: number }>({ do: "memory" });
    cells.push(median(turns[n].map(({ seconds }) => seconds)).toFixed(2));
    cells.push(median(turns[n].map(({ cpu }) => cpu)).toFixed(2), peak.toFixed(0));
    peer.stop();
  }
  const ratio = (key: "seconds" | "cpu") =>
    median(turns[0].map((turn, round) => turns[1][round][key] / turn[key])).toFixed(2);
  const best = (n: number) => Math.min(...turns[n].map(({ seconds }) => seconds));
  cells.push(ratio("seconds"), (best(1) / best(0)).toFixed(2), ratio("cpu"), loadavg()[0].toFixed(1));
  console.log(`| ${id} | ${cells.join(" | ")} |`);
}
rmSync(folder, { recursive: true });
