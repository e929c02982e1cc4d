import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { defaultDevice, init, jit, numpy as np, valueAndGrad } from "@jax-js/jax";
import { Random } from "../../src/core/random.js";
import { compile } from "../../src/engine/run/compile.js";
import { namedTensors, replaceTensors, specOf, type Tensor } from "../../src/engine/run/tensor.js";
import { withoutRefs } from "../../src/engine/trace/without-refs.js";
import { adamW } from "../../src/engine/train/optimizer.js";
import { createTrainer } from "../../src/engine/train/trainer.js";
import { prefixed } from "../../src/engine/train/names.js";
import { bareProducts } from "./bare-products.js";
import { llamaBatch, type LlamaBatch, llamaLoss, type LlamaParameters, llamaParameters } from "./llama.js";
import { type Clock, type Contender, tableOf, takeTurns, timed } from "./measure.js";

/**
 * One training step of a Llama of 5.3M parameters on 8 x 128 tokens: the engine, its matrix products alone, jax-js on WebAssembly, and PyTorch eager.
 * `node --import tsx bench/engine/llama-step.ts [--rounds 10] [--threads 2] [--python PATH] [--no-jax] [--clock wall|cpu]`
 */
const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "10" },
    threads: { type: "string", default: String(availableParallelism()) },
    python: { type: "string" },
    clock: { type: "string", default: "wall" },
    jax: { type: "boolean", default: true },
  },
  allowNegative: true,
});
const threads = Number(values.threads);
const clock: Clock = values.clock === "cpu" ? "cpu" : "wall";

const random = Random.fromSeed(1);
const inputs = { p: llamaParameters(random), b: llamaBatch(random) };
type Traced = { p: LlamaParameters<np.Array>; b: LlamaBatch<np.Array> };

/** Loss and gradients as a function of named arrays. */
function gradients(arrays: Readonly<Record<string, np.Array>>): Record<string, np.Array> {
  const { b } = replaceTensors(inputs, (name) => arrays[name]) as Traced;
  const flat = Object.fromEntries(namedTensors(inputs.p).map(({ name }) => [name, arrays[`p.${name}`]]));
  const [loss, byName] = valueAndGrad((parameters: Record<string, np.Array>) =>
    llamaLoss(replaceTensors(inputs.p, (name) => parameters[name]) as LlamaParameters<np.Array>, b),
  )(flat) as unknown as [np.Array, Record<string, np.Array>];
  return { loss, ...prefixed("d.", byName) };
}

const named = namedTensors(inputs);
const feeds: Record<string, Tensor> = Object.fromEntries(named.map(({ name, leaf }) => [name, leaf]));
const specs = Object.fromEntries(named.map(({ name, leaf }) => [name, specOf(leaf)]));
const compiled = await compile(gradients, specs, { threads, name: "llama" });
const products = await bareProducts(compiled.model, threads);
const trainer = createTrainer({
  name: "llama",
  parameters: inputs.p,
  threads,
  optimizer: adamW({ learningRate: 1e-3, weightDecay: 0.01 }),
  loss: (p, b: LlamaBatch<np.Array>) => llamaLoss(p as LlamaParameters<np.Array>, b),
});

const contenders: Contender[] = [
  { name: "engine: loss and gradients", run: () => timed(() => compiled.run(feeds), clock) },
  { name: "engine: whole step with AdamW", run: () => timed(() => trainer.train(inputs.b), clock) },
  {
    name: `the same ${products.count} matrix products alone`,
    run: () => timed(() => products.session.run(products.feeds), clock),
  },
];

if (values.jax) {
  await init("wasm");
  defaultDevice("wasm");
  const call = jit((...arrays: np.Array[]) =>
    Object.values(gradients(Object.fromEntries(named.map(({ name }, i) => [name, arrays[i]])))),
  );
  const arrays = () =>
    named.map(({ leaf: { shape, data } }) =>
      np.reshape(np.array(data as Float32Array<ArrayBuffer>, { dtype: np[specOf({ shape, data }).type] }), [
        ...shape,
      ]),
    );
  // Traced without references, run with them: compiled programs count for themselves.
  withoutRefs(() => call(...arrays()));
  contenders.push({
    name: "jax-js on WebAssembly: loss and gradients",
    run: async () => {
      const given = arrays();
      return timed(async () => {
        for (const output of call(...given)) await output.data();
      }, clock);
    },
  });
}

let stopPeer = (): void => undefined;
if (values.python !== undefined) {
  const script = fileURLToPath(new URL("../peers/llama_step.py", import.meta.url));
  const peer = spawn(values.python, [script, String(threads), clock], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: peer.stdout })[Symbol.asyncIterator]();
  stopPeer = () => void peer.stdin.end();
  const ask = (work: string) => async () => {
    peer.stdin.write(`${work}\n`);
    const { value } = (await lines.next()) as { value: string };
    return Number(value);
  };
  contenders.push(
    { name: "PyTorch eager: loss and gradients", run: ask("gradients") },
    { name: "PyTorch eager: whole step with AdamW", run: ask("step") },
  );
}

const measurements = await takeTurns(contenders, Number(values.rounds));
stopPeer();
console.log(tableOf(measurements));
const [engine, , bare] = measurements;
const speed = (milliseconds: number) => (products.flops / milliseconds / 1e6).toFixed(0);
console.log(
  `\n${threads} threads, ${(products.flops / 1e9).toFixed(1)} GFLOP in products; engine ${speed(engine.best)} GFLOP/s, products alone ${speed(bare.best)} GFLOP/s (bests)`,
);
