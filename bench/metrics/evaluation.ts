/**
 * Users per second of full-catalogue evaluation, beside RecBole's and RecTools' evaluators on the same scores, in turns.
 *
 * npx tsx bench/metrics/evaluation.ts [--python FILE] [--rounds 5]
 *
 * Without --python only our own time is taken. How to set the peers up: bench/peers/evaluators.py.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { Random } from "../../src/core/random.js";
import { CaseRanker } from "../../src/metrics/ranking/rank.js";

interface Lists {
  readonly offsets: Int32Array;
  readonly items: Int32Array;
}

interface Problem {
  readonly name: string;
  readonly users: number;
  readonly items: number;
  /** Different score rows; user u has row u % rows, so that the scores fit into memory on both sides. */
  readonly rows: number;
  readonly scores: Float32Array;
  readonly seen: Lists;
  readonly relevant: Lists;
}

interface Outcome {
  readonly seconds: number;
  /** Of all threads: steadier than `seconds` where other programs run. */
  readonly cpuSeconds: number;
  readonly metrics: Readonly<Record<string, number>>;
}

const KS = [5, 10, 20];
const BATCH = 256;

/** Every row is a random order of different scores: without ties, all tools must agree. */
function makeProblem(
  name: string,
  users: number,
  items: number,
  seenMean: number,
  relevantMean: number,
): Problem {
  const random = Random.fromSeed(name);
  const rows = Math.min(users, 500);
  const scores = new Float32Array(rows * items);
  for (let row = 0; row < rows; row++) {
    scores.set(
      Float32Array.from(random.permutation(items), (rank) => rank / items),
      row * items,
    );
  }
  const seen: number[][] = [];
  const relevant: number[][] = [];
  for (let user = 0; user < users; user++) {
    const wanted = 1 + random.int(2 * relevantMean - 1);
    const sample = random.sample(items, wanted + 1 + random.int(2 * seenMean - 1));
    relevant.push([...sample.subarray(0, wanted)].sort((a, b) => a - b));
    seen.push([...sample.subarray(wanted)].sort((a, b) => a - b));
  }
  return { name, users, items, rows, scores, seen: toLists(seen), relevant: toLists(relevant) };
}

function toLists(lists: readonly (readonly number[])[]): Lists {
  const offsets = new Int32Array(lists.length + 1);
  lists.forEach((list, i) => (offsets[i + 1] = offsets[i] + list.length));
  return { offsets, items: Int32Array.from(lists.flat()) };
}

function listOf({ offsets, items }: Lists, user: number): Int32Array {
  return items.subarray(offsets[user], offsets[user + 1]);
}

function evaluate({ users, items, rows, scores, seen, relevant }: Problem): Outcome {
  const start = performance.now();
  const cpu = process.cpuUsage();
  const ranker = new CaseRanker(KS);
  const sums = new Float64Array(ranker.names.length);
  for (let user = 0; user < users; user++) {
    const row = user % rows;
    const values = ranker.rank(scores.subarray(row * items, (row + 1) * items), {
      excluded: listOf(seen, user),
      relevant: listOf(relevant, user),
    });
    for (let i = 0; i < sums.length; i++) sums[i] += values[i];
  }
  const metrics = Object.fromEntries(ranker.names.map((name, i) => [name, sums[i] / users]));
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: (performance.now() - start) / 1000, cpuSeconds: (user + system) / 1e6, metrics };
}

function save(problem: Problem, folder: string): void {
  const { users, items, rows, scores, seen, relevant } = problem;
  mkdirSync(folder);
  writeFileSync(join(folder, "meta.json"), JSON.stringify({ users, items, rows, ks: KS, batch: BATCH }));
  writeFileSync(join(folder, "scores.f32"), scores);
  for (const [name, lists] of Object.entries({ seen, relevant })) {
    writeFileSync(join(folder, `${name}.offsets`), lists.offsets);
    writeFileSync(join(folder, `${name}.items`), lists.items);
  }
}

/** A Python process that evaluates one problem a request. */
async function startPeers(python: string): Promise<{ ask(request: string): Promise<Outcome>; stop(): void }> {
  const child = spawn(python, [join(import.meta.dirname, "..", "peers", "evaluators.py")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => {
    const line = await lines.next();
    if (line.done === true) throw new Error("the peers' process ended");
    return JSON.parse(line.value);
  };
  await next();
  return {
    async ask(request) {
      child.stdin.write(`${request}\n`);
      return (await next()) as Outcome;
    },
    stop() {
      child.stdin.end();
    },
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** RecTools divides average precision by R, not min(R, k): its map@k is another metric. */
function largestDifference(tool: string, ours: Outcome, theirs: Outcome): number {
  const names = Object.keys(ours.metrics).filter((name) => tool !== "rectools" || !name.startsWith("map@"));
  return Math.max(...names.map((name) => Math.abs(ours.metrics[name] - theirs.metrics[name])));
}

const { values: flags } = parseArgs({
  options: { python: { type: "string" }, rounds: { type: "string", default: "5" } },
});
const tools = flags.python === undefined ? [] : ["recbole", "rectools"];
const peers = flags.python === undefined ? undefined : await startPeers(flags.python);
const scratch = mkdtempSync(join(tmpdir(), "evaluation-bench-"));
try {
  for (const problem of [
    makeProblem("943 users x 1,682 items", 943, 1682, 85, 21),
    makeProblem("20,000 users x 20,000 items", 20_000, 20_000, 50, 10),
  ]) {
    const folder = join(scratch, String(problem.items));
    save(problem, folder);
    const outcomes: Record<string, Outcome[]> = { ours: [], recbole: [], rectools: [] };
    // One unmeasured round warms both processes up.
    for (let round = -1; round < Number(flags.rounds); round++) {
      const ours = evaluate(problem);
      const theirs: Outcome[] = [];
      for (const tool of tools) theirs.push(await peers!.ask(`${tool} ${folder}`));
      if (round < 0) continue;
      outcomes.ours.push(ours);
      tools.forEach((tool, i) => outcomes[tool].push(theirs[i]));
    }
    const worst = Math.max(
      0,
      ...tools.map((tool) => largestDifference(tool, outcomes.ours[0], outcomes[tool][0])),
    );
    console.log(`${problem.name}: largest difference between tools ${worst.toExponential(1)}`);
    for (const tool of ["ours", ...tools]) {
      const wall = median(outcomes[tool].map(({ seconds }) => seconds));
      const cpu = median(outcomes[tool].map(({ cpuSeconds }) => cpuSeconds));
      const ratio = (key: "seconds" | "cpuSeconds"): string =>
        median(outcomes[tool].map((outcome, i) => outcome[key] / outcomes.ours[i][key])).toFixed(1);
      console.log(
        `  ${tool}: ${wall.toFixed(3)} s (${Math.round(problem.users / wall)} users/s, ${ratio("seconds")} x ours), ` +
          `processor ${cpu.toFixed(3)} s (${ratio("cpuSeconds")} x ours)`,
      );
    }
    if (worst > 1e-6) throw new Error("the tools disagree");
  }
} finally {
  peers?.stop();
  rmSync(scratch, { recursive: true });
}
