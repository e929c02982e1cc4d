/**
 * What vectors that say nothing do to a click-through model beside its fields, by their length: the figures in docs/explainctr.md.
 *
 *     node --import tsx bench/explainctr/text-scale.ts
 *
 * DeepFM on the split of examples/explainctr/world.yaml without texts, and with 128 random numbers a pair of deviation 1 each, and of
 * deviation 1 / sqrt(128): vectors of length 1.
 */
import { Random } from "../../src/core/random.js";
import { silentProgress } from "../../src/core/progress.js";
import { makeSplit } from "../../src/data/splits/strategies.js";
import { openWorld } from "../../src/data/world/open.js";
import { auc } from "../../src/metrics/ctr/auc.js";
import { fieldsOf } from "../../src/recommenders/ctr/fields.js";
import { deepfm } from "../../src/recommenders/ctr/models/deepfm.js";
import { initialParameters } from "../../src/recommenders/ctr/network.js";
import { deepOptions } from "../../src/recommenders/ctr/options.js";
import { predictorOf, trainCtr } from "../../src/recommenders/ctr/train.js";
import { ctrOptions, ctrProtocol } from "../../src/tasks/ctr-protocol.js";

const WIDTH = 128;
const dataset = openWorld({ size: { users: 120, films: 1500, interactions: 9000, dialogues: 0 } });
const split = makeSplit(dataset, "global-time", { validation: 0.04, test: 0.15 });
const { training, test, caseOf } = ctrProtocol(dataset, split, ctrOptions.parse({}));
const options = deepOptions.parse({});
const fields = fieldsOf(training);
const signal = new AbortController().signal;

async function aucWith(seed: number, deviation: number | null): Promise<number> {
  const random = Random.fromSeed(seed);
  const noise = (rows: number, name: string) => ({
    rows,
    width: WIDTH,
    data: Float32Array.from(random.fork(name).normals(rows * WIDTH, deviation ?? 0)),
  });
  const texts = {
    rows: noise(training.rows.users.length, "training"),
    validation: noise(training.validation.users.length, "validation"),
    hash: "noise",
  };
  const width = deviation === null ? 0 : WIDTH;
  const initial = initialParameters(deepfm, fields, options.embedding, options, random.fork("init"), width);
  const context = { random: random.fork("fit"), progress: silentProgress(), signal };
  const extras = deviation === null ? {} : { texts };
  const weights = await trainCtr("deepfm", deepfm, training, fields, initial, options, context, extras);
  const asked = noise(test.labels.length, "test").data;
  const pairs = Array.from(test.labels, (_, n) => {
    const { user, item } = caseOf(n);
    return { user, item, ...(width > 0 && { text: asked.subarray(n * WIDTH, (n + 1) * WIDTH) }) };
  });
  const predictor = predictorOf(deepfm, fields, options, 0);
  const answers = await predictor.predict(weights, pairs);
  await predictor.release();
  return auc(test.labels, answers);
}

console.log("| vectors | AUC, seeds 1 to 3 |\n| --- | --- |");
for (const [name, deviation] of [
  ["none", null],
  ["noise of deviation 1", 1],
  ["noise of length 1", 1 / Math.sqrt(WIDTH)],
] as const) {
  const found = [];
  for (const seed of [1, 2, 3]) found.push((await aucWith(seed, deviation)).toFixed(3));
  console.log(`| ${name} | ${found.join(", ")} |`);
}
