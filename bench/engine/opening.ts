/**
 * What a cache of compiled graphs on disk could save: milliseconds from a function to its graph (which a cache needs too, to know which
 * graph it is), and from the graph to a session, for training steps. `npx tsx bench/engine/opening.ts`
 */
import type { numpy as np } from "@jax-js/jax";
import { Random } from "../../src/core/random.js";
import { compile, type Specs } from "../../src/engine/run/compile.js";
import { openSession } from "../../src/engine/run/providers.js";
import { namedTensors, replaceTensors, specOf, type Tensor } from "../../src/engine/run/tensor.js";
import { BATCH, type FlatLoss, gradientGraph, PARAMETER } from "../../src/engine/train/graphs.js";
import { mapValues, prefixed } from "../../src/engine/train/names.js";
import { gru4rec } from "../../src/recommenders/sequential/models/gru4rec.js";
import { sasrec } from "../../src/recommenders/sequential/models/sasrec.js";
import { networkModel } from "../../src/recommenders/sequential/network.js";
import { gru4RecOptions, sasRecOptions } from "../../src/recommenders/sequential/options.js";
import type { NextItemModel } from "../../src/recommenders/sequential/train.js";
import { sequenceTraining } from "../peers/ours.js";
import { llamaBatch, type LlamaBatch, llamaLoss, type LlamaParameters, llamaParameters } from "./llama.js";

type Tensors = Readonly<Record<string, Tensor>>;
interface Step {
  readonly name: string;
  readonly parameters: Tensors;
  readonly batch: Tensors;
  readonly loss: FlatLoss;
}

const random = Random.fromSeed(1);

function llama(): Step {
  const [parameters, batch] = [llamaParameters(random), llamaBatch(random)];
  const record = (tree: unknown) =>
    Object.fromEntries(namedTensors(tree).map(({ name, leaf }) => [name, leaf]));
  return {
    name: "Llama, 5.3M parameters, 8 x 128",
    parameters: record(parameters),
    batch: record(batch),
    loss: (p, b) =>
      llamaLoss(
        replaceTensors(parameters, (name) => p[name]) as LlamaParameters<np.Array>,
        replaceTensors(batch, (name) => b[name]) as LlamaBatch<np.Array>,
      ),
  };
}

function sequential(name: string, model: NextItemModel): Step {
  const chosen = Int32Array.from({ length: Math.min(model.batchSize, model.examples) }, (_, n) => n);
  return {
    name,
    parameters: model.initial,
    batch: model.batch(chosen, random, 1),
    loss: (p, b) => model.loss(p, b),
  };
}

const [users, items, length] = [943, 1682, 60];
const pairs = Array.from({ length: users * length }, (_, n) => Math.floor(n / length));
const training = sequenceTraining(
  users,
  items,
  [Int32Array.from(pairs), Int32Array.from(pairs, () => random.int(items))],
  50,
);
const steps = [
  llama(),
  sequential("SASRec, history 50", networkModel(sasrec, training, sasRecOptions.parse({}), random)),
  sequential("GRU4Rec, history 50", networkModel(gru4rec, training, gru4RecOptions.parse({}), random)),
];

const median = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1].toFixed(0);
console.log("| training step | function to graph, ms | graph to session, ms | graph, KiB |");
console.log("| --- | ---: | ---: | ---: |");
for (const { name, parameters, batch, loss } of steps) {
  const specs: Specs = mapValues({ ...prefixed(PARAMETER, parameters), ...prefixed(BATCH, batch) }, specOf);
  const [traced, opened]: number[][] = [[], []];
  let bytes = 0;
  for (let round = 0; round < 5; round++) {
    const begun = performance.now();
    const compiled = await compile(gradientGraph(loss), specs, { name });
    const whole = performance.now() - begun;
    const again = performance.now();
    const session = await openSession(compiled.model, {}, "basic");
    const opening = performance.now() - again;
    await session.release();
    await compiled.release();
    bytes = compiled.model.length;
    traced.push(whole - opening);
    opened.push(opening);
  }
  console.log(`| ${name} | ${median(traced)} | ${median(opened)} | ${(bytes / 1024).toFixed(0)} |`);
}
