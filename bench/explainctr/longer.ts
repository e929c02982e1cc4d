/**
 * Does PPO teach the writer of explanations to tell liked from disliked films if it goes on for longer, or is rewarded by as many of the one as of
 * the other? For docs/explainctr.md; a quarter of an hour each on two cores.
 *
 *     node --import tsx bench/explainctr/longer.ts --steps 80 --batch 128 --learning-rate 0.01
 *     node --import tsx bench/explainctr/longer.ts --steps 40 --batch 256 --learning-rate 0.005 --balanced
 *
 * Stage 1 on the first fold of examples/explainctr/world.yaml, seed 1, the price of KL at .03. Then the reader's AUC and its mean probability of
 * the true label on 1,500 pairs of the other fold, whose labels rewarded nobody, before and after, and what the model has when it is asked straight. 0
 * steps: only before.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CostMeter } from "../../src/core/cost.js";
import { createProgress } from "../../src/core/progress.js";
import { Random } from "../../src/core/random.js";
import { StageStore } from "../../src/core/stages.js";
import { makeSplit } from "../../src/data/splits/strategies.js";
import { openWorld } from "../../src/data/world/open.js";
import { withAdapter } from "../../src/llm/local/with-adapter.js";
import { openLanguageModel } from "../../src/llm/open.js";
import { parseModelSpec } from "../../src/llm/spec.js";
import { align } from "../../src/methods/explainctr/align.js";
import { casesOf, zeroShotPrompt } from "../../src/methods/explainctr/cases.js";
import { explain } from "../../src/methods/explainctr/explanations.js";
import { foldsOf, rowsAt } from "../../src/methods/explainctr/folds.js";
import { judgeExplanations, yesProbabilities } from "../../src/methods/explainctr/judge.js";
import { alignmentOptions } from "../../src/methods/explainctr/options.js";
import { openPolicyModel, type Policy } from "../../src/methods/explainctr/policy.js";
import { auc } from "../../src/metrics/ctr/auc.js";
import type { RunContext } from "../../src/recommenders/recommender.js";
import { ctrOptions, ctrProtocol } from "../../src/tasks/ctr-protocol.js";

const { values: flags } = parseArgs({
  options: {
    steps: { type: "string", default: "80" },
    batch: { type: "string", default: "128" },
    "learning-rate": { type: "string", default: "0.01" },
    balanced: { type: "boolean", default: false },
  },
});
const steps = Number(flags.steps);
/** Pairs to measure on. */
const HELD = 1500;

const dataset = openWorld({ size: { users: 120, films: 1500, interactions: 9000, dialogues: 0 } });
const split = makeSplit(dataset, "global-time", { validation: 0.04, test: 0.15 });
const { training } = ctrProtocol(dataset, split, ctrOptions.parse({}));
const { rows, items } = training;
const folder = await mkdtemp(join(tmpdir(), "llmrec-longer-"));
const [cost, progress] = [new CostMeter(), createProgress({ quiet: false })];
const { signal } = new AbortController();
const model = await openLanguageModel(parseModelSpec("embedded"), { progress, signal });
const context: RunContext = {
  ...{ seed: 1, random: Random.fromSeed(1), cost, progress, signal },
  stages: new StageStore(folder, new Map(), "longer", cost),
  llm: () => Promise.resolve(model),
};
const writer = await openPolicyModel(model);
const [{ rewarded, explained }] = foldsOf(rows, true, Random.fromSeed(1).fork("explainctr").fork("folds"));
const options = alignmentOptions.parse({
  ...{ shown: 3, reward: "probability", pairs: rows.users.length, klCoefficient: 0.03 },
  ...{ batchSize: Number(flags.batch), learningRate: Number(flags["learning-rate"]) },
});

const held = rowsAt(rows, explained.slice(-HELD));
const cases = casesOf(training, held);

async function measure(name: string, policy?: Policy): Promise<void> {
  const { explanations } = await withAdapter(writer, policy?.adapter, "policy", () =>
    explain(training, cases, writer, options, context),
  );
  const texts = explanations.map(({ text }) => text);
  const p = await judgeExplanations(writer, items, held.items, texts, context);
  const right = p.reduce((sum, own, n) => sum + (held.labels[n] === 1 ? own : 1 - own), 0) / p.length;
  console.log(`${name}: AUC ${auc(held.labels, p).toFixed(3)}, probability of the truth ${right.toFixed(3)}`);
}

/** The last liked rows, and as many disliked ones. */
function balanced(positions: Int32Array): Int32Array {
  const of = (label: number) => positions.filter((row) => (rows.labels[row] === 1 ? 1 : 0) === label);
  const [no, yes] = [of(0), of(1)];
  const count = Math.min(no.length, yes.length);
  return Int32Array.from([...no.slice(-count), ...yes.slice(-count)]).sort();
}

const straight = cases.map((one) => zeroShotPrompt(items, one, options.shown));
const asked = await yesProbabilities(writer, straight, context);
console.log(`asked straight: AUC ${auc(held.labels, asked).toFixed(3)}`);
await measure("untrained");
if (steps > 0) {
  const rewarding = rowsAt(rows, flags.balanced ? balanced(rewarded) : rewarded);
  const { policy } = await align(
    training,
    rewarding,
    writer,
    options,
    { stage: "lc", round: 0, steps, reader: true },
    context,
  );
  await measure(`after ${steps} steps`, policy);
}
await model.close();
await rm(folder, { recursive: true });
