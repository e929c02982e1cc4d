/**
 * Why simulated pairs cost warm items recall: they bend the vectors of their users by as much as they are wrong. ALS on CiteULike's published
 * split with equally many pairs for the cold items that are right to different shares.
 *
 *     npx tsx bench/coldllm/warm-loss.ts path/to/citeulike-a
 *
 * Right pairs are the cold items' test and validation pairs, which no recommender may see: a thought experiment, not a method. The other pairs of
 * a row are the published Yes pairs that are not among them, or random ones of all users and cold items. `users` counts those with a pair.
 */
import { join } from "node:path";
import { silentProgress } from "../../src/core/progress.js";
import { Random } from "../../src/core/random.js";
import { hasEntry, rowOfEachEntry } from "../../src/data/csr.js";
import { readDataset } from "../../src/data/readers/index.js";
import { makeSplit } from "../../src/data/splits/strategies.js";
import { judgementsFormat } from "../../src/methods/coldllm/pairs-file.js";
import { acceptedPairs, type Pairs, selectPairs, withSimulated } from "../../src/methods/coldllm/pairs.js";
import { als, trainAls } from "../../src/recommenders/factorisation/als.js";
import { innerProducts } from "../../src/recommenders/factorisation/factors.js";
import { backboneRandom } from "../../src/recommenders/cold-start/backbone.js";
import type { RunContext } from "../../src/recommenders/recommender.js";
import { evaluateColdStart } from "../../src/tasks/cold-start-evaluation.js";
import { coldStartProtocol } from "../../src/tasks/cold-start-protocol.js";

const ANSWERS = "coldllm/CiteULike_askllama_llamawidetower20_0105.csv";
const PAIRS = 30_000;

const folder = process.argv.at(2);
if (folder === undefined) throw new Error("name the folder of citeulike-a");
const dataset = await readDataset({ path: folder });
const protocol = coldStartProtocol(dataset, makeSplit(dataset, "published"));
const { training, relevant } = protocol;
const yes = acceptedPairs(await judgementsFormat(training).read(join(folder, ANSWERS)));
const random = Random.fromSeed("warm-loss");
// Factorising with one setting needs no more of a run than this.
const context = { progress: silentProgress(), signal: new AbortController().signal, label: "als" };

const heldOut = [relevant.cold, training.validation.cold];
const isRight = (user: number, item: number) => heldOut.some((pairs) => hasEntry(pairs, user, item));
const right: Pairs = {
  users: Int32Array.from(heldOut.flatMap((pairs) => [...rowOfEachEntry(pairs)])),
  items: Int32Array.from(heldOut.flatMap((pairs) => [...pairs.indices])),
};
const wrong = selectPairs(yes, (at) => !isRight(yes.users[at], yes.items[at]));

/** Some of the pairs, without repeats. */
function draw(pairs: Pairs, count: number): Pairs {
  const order = Int32Array.from(pairs.users.keys());
  random.shuffle(order);
  const kept = new Set(order.subarray(0, count));
  return selectPairs(pairs, (at) => kept.has(at));
}

function anybody(count: number): Pairs {
  const cold = Int32Array.from(training.coldItems.keys()).filter((item) => training.coldItems[item] === 1);
  const users = training.users.keys.length;
  const chosen = new Set<number>();
  while (chosen.size < count) {
    const user = random.int(users);
    const item = random.int(cold.length);
    if (!isRight(user, cold[item])) chosen.add(user * cold.length + item);
  }
  const codes = Int32Array.from(chosen);
  return {
    users: codes.map((code) => Math.floor(code / cold.length)),
    items: codes.map((code) => cold[code % cold.length]),
  };
}

function together(a: Pairs, b: Pairs): Pairs {
  return { users: Int32Array.of(...a.users, ...b.users), items: Int32Array.of(...a.items, ...b.items) };
}

const mixed = (share: number, others: (count: number) => Pairs) =>
  together(draw(right, Math.round(share * PAIRS)), others(PAIRS - Math.round(share * PAIRS)));
const answered = (count: number) => draw(wrong, count);
const settings = als.options.parse({ factors: 128, regularization: 1, alpha: 30 });

console.log(
  "| pairs for cold items | right | users | warm Recall@20 | cold |\n| --- | ---: | ---: | ---: | ---: |",
);
for (const [name, pairs] of [
  ["none", { users: new Int32Array(0), items: new Int32Array(0) }],
  ["held out", mixed(1, answered)],
  ["held out and wrong answers", mixed(0.5, answered)],
  ["Yes pairs as published", draw(yes, PAIRS)],
  ["wrong answers alone", mixed(0, answered)],
  ["held out and random", mixed(0.5, anybody)],
  ["random", mixed(0, anybody)],
] as const) {
  const data = {
    matrix: withSimulated(training.matrix, pairs),
    validation: training.validation,
    known: training.matrix,
  };
  const factors = await trainAls(data, settings, {
    ...context,
    random: backboneRandom(1),
  } as unknown as RunContext);
  const answer = (cases: readonly { user: number }[]) => innerProducts(factors, cases, context.signal);
  const { values } = await evaluateColdStart(protocol, [20], answer, context);
  const mean = (metric: string) => {
    const known = values[metric].filter((value) => !Number.isNaN(value));
    return (known.reduce((sum, value) => sum + value, 0) / known.length).toFixed(4);
  };
  const share = pairs.users.filter((user, at) => isRight(user, pairs.items[at])).length / pairs.users.length;
  console.log(
    `| ${name} | ${Number.isNaN(share) ? "-" : share.toFixed(2)} | ${new Set(pairs.users).size} | ${mean("recall@20/warm")} | ${mean("recall@20/cold")} |`,
  );
}
