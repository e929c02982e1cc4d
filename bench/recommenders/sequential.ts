/**
 * A training step of each sequence recommender, all with the same number of targets, in turns; `targets=1` is a pass for every
 * prefix, as in RecBole:
 *
 *     npx tsx bench/recommenders/sequential.ts [--users 943] [--items 1682] [--length 60] [--history 50] [--rounds 5] [--clock cpu]
 *
 * Prints milliseconds a step of 2048 targets (making the batch included) and steps an epoch.
 */
import { parseArgs } from "node:util";
import { Random } from "../../src/core/random.js";
import { adam } from "../../src/engine/train/optimizer.js";
import { createTrainer } from "../../src/engine/train/trainer.js";
import { fpmcModel } from "../../src/recommenders/sequential/fpmc.js";
import type { Arrays } from "../../src/recommenders/sequential/model.js";
import { caser } from "../../src/recommenders/sequential/models/caser.js";
import { gru4rec } from "../../src/recommenders/sequential/models/gru4rec.js";
import { sasrec } from "../../src/recommenders/sequential/models/sasrec.js";
import { networkModel } from "../../src/recommenders/sequential/network.js";
import {
  caserOptions,
  fpmcOptions,
  gru4RecOptions,
  sasRecOptions,
} from "../../src/recommenders/sequential/options.js";
import type { NextItemModel } from "../../src/recommenders/sequential/train.js";
import type { ControlledListTraining } from "../../src/tasks/controlled-list.js";
import { Windows } from "../../src/tasks/windows.js";
import { tableOf, takeTurns, timed } from "../engine/measure.js";

const { values: flags } = parseArgs({
  options: {
    users: { type: "string", default: "943" },
    items: { type: "string", default: "1682" },
    length: { type: "string", default: "60" },
    history: { type: "string", default: "50" },
    rounds: { type: "string", default: "5" },
    clock: { type: "string", default: "wall" },
  },
});
const [users, items, length, history, rounds] = (
  ["users", "items", "length", "history", "rounds"] as const
).map((name) => Number(flags[name]));
const random = Random.fromSeed(1);
const none = new Windows([], new Int32Array(0), new Int32Array(0), { history, future: 1 });
const keys = (count: number) => Array.from({ length: count }, (_, n) => String(n));
const train: ControlledListTraining = {
  users: { keys: keys(users), attributes: {} },
  items: {
    keys: keys(items),
    titles: keys(items),
    texts: {},
    categoryNames: [],
    categories: keys(items).map(() => []),
    attributes: {},
  },
  mainGenres: new Int32Array(items).fill(-1),
  sequences: Array.from({ length: users }, (_, user) => ({
    user,
    items: random.sample(items, length),
    times: null,
  })),
  windows: none,
  validation: none,
  historyLength: history,
  futureLength: 1,
  hash: "",
};
const sasrecWith = (more: object) => networkModel(sasrec, train, sasRecOptions.parse(more), random);
const gru4recWith = (more: object) => networkModel(gru4rec, train, gru4RecOptions.parse(more), random);
const models: [string, NextItemModel][] = [
  ["sasrec", sasrecWith({})],
  ["sasrec, targets=1", sasrecWith({ targets: 1 })],
  ["gru4rec", gru4recWith({})],
  ["gru4rec, targets=1", gru4recWith({ targets: 1 })],
  ["caser", networkModel(caser, train, caserOptions.parse({}), random)],
  ["fpmc", fpmcModel(train, fpmcOptions.parse({}), random)],
];

const contenders = models.map(([name, model]) => {
  const trainer = createTrainer({
    name,
    parameters: model.initial,
    optimizer: adam({ learningRate: 1e-3 }),
    loss: (parameters: Arrays, batch: Arrays) => model.loss(parameters, batch),
  });
  const step = async () => {
    const chosen = random.permutation(model.examples).subarray(0, model.batchSize);
    await trainer.train(model.batch(chosen, random, 1));
  };
  const steps = Math.ceil(model.examples / model.batchSize);
  return {
    name: `${name} (${steps} steps)`,
    run: () => timed(step, flags.clock === "cpu" ? "cpu" : "wall"),
  };
});
console.log(`${users} users, ${items} items, sequences of ${length}, histories of ${history}`);
console.log(tableOf(await takeTurns(contenders, rounds)));
console.log(`peak memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`);
