import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { numpy as np } from "@jax-js/jax";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { float32, int32, type Tensor } from "../../../src/engine/run/tensor.js";
import { program } from "../../../src/engine/run/program.js";
import { adamW, sgd } from "../../../src/engine/train/optimizer.js";
import { createTrainer } from "../../../src/engine/train/trainer.js";
import { loadedAdapter, type LoraAdapter, newAdapter } from "../../../src/llm/adapter/lora.js";
import { Checkpoint } from "../../../src/llm/checkpoint/checkpoint.js";
import type { Projection } from "../../../src/llm/checkpoint/tensors.js";
import { LocalModel } from "../../../src/llm/local/local-model.js";
import type { Decoder } from "../../../src/llm/local/decoder.js";
import { lengthBuckets, makeBatch, type SftBatch, trainingRow } from "../../../src/llm/training/batches.js";
import { llamaLogits, llamaStates } from "../../../src/llm/training/llama.js";
import { loraTensors, splitBatch, weightTensors, withTensors } from "../../../src/llm/training/sft.js";
import { sftLoss } from "../../../src/llm/training/sft-loss.js";
import { Random } from "../../../src/core/random.js";
import { GOLDEN_FOLDER, goldenModel, GOLDENS, goldenWeights, temporaryFolder } from "../tiny-models.js";

interface Golden {
  targets: Projection[];
  lastLogits: number[];
  loss: number;
  gradients: Record<string, number[]>;
  losses: number[];
  after: Record<string, number[]>;
}

/** Made by test/goldens/lora.py with PEFT. */
const LORA = JSON.parse(readFileSync(join(GOLDEN_FOLDER, "lora.json"), "utf8")) as {
  pairs: [string, string][];
  rank: number;
  alpha: number;
  models: Record<string, Golden>;
};

let root: string;
beforeAll(async () => (root = await temporaryFolder()));
afterAll(() => rm(root, { recursive: true, force: true }));

/** Largest difference relative to the largest value of the golden. */
function relativeGap(found: ArrayLike<number>, golden: ArrayLike<number>): number {
  expect(found.length).toBe(golden.length);
  let [gap, size] = [0, 0];
  for (let i = 0; i < golden.length; i++) {
    gap = Math.max(gap, Math.abs(found[i] - golden[i]));
    size = Math.max(size, Math.abs(golden[i]));
  }
  return gap / size;
}

describe.each(Object.keys(GOLDENS.models))("%s: the training graph", (name) => {
  it("has the logits of PyTorch within 1e-4, for rows that are padded on the right", async () => {
    const checkpoint = await Checkpoint.open(await goldenModel(root, name));
    const { config } = checkpoint;
    const length = Math.max(...GOLDENS.prompts.map(({ ids }) => ids.length)) + 2;
    const tokens = GOLDENS.prompts.flatMap(({ ids }) => [
      ...ids,
      ...new Array<number>(length - ids.length).fill(2),
    ]);
    const run = program(({ weights, ids }: { weights: Record<string, np.Array>; ids: np.Array }) => ({
      logits: llamaLogits(config, weights, llamaStates(config, weights, ids)),
    }));
    const weights = await weightTensors(checkpoint);
    const { logits } = await run.run({ weights, ids: int32(tokens, [GOLDENS.prompts.length, length]) });
    GOLDENS.prompts.forEach(({ ids }, row) => {
      const from = (row * length + ids.length - 1) * config.vocabularySize;
      const found = logits.data.subarray(from, from + config.vocabularySize);
      const golden = GOLDENS.models[name].cases[row].lastLogits;
      found.forEach((value, i) => {
        expect(Math.abs(value - golden[i])).toBeLessThan(1e-4);
      });
    });
    await run.release();
    await checkpoint.close();
  });
});

describe.each(Object.keys(LORA.models))("%s: LoRA against PEFT", (name) => {
  const golden = LORA.models[name];
  let checkpoint: Checkpoint;
  let weights: Record<string, Tensor>;
  let adapter: LoraAdapter;
  let batch: SftBatch;
  let model: LocalModel;

  beforeAll(async () => {
    const folder = await goldenModel(root, name);
    checkpoint = await Checkpoint.open(folder);
    weights = await weightTensors(checkpoint);
    const options = { rank: LORA.rank, alpha: LORA.alpha, targets: golden.targets };
    const fresh = newAdapter(checkpoint.config, options, Random.fromSeed(1));
    const pairs = new Map(
      [...fresh.pairs].map(([path, pair]) => [
        path,
        {
          ...pair,
          a: goldenWeights(`${path}.A`, pair.a.length),
          b: goldenWeights(`${path}.B`, pair.b.length),
        },
      ]),
    );
    adapter = { ...fresh, pairs };
    model = await LocalModel.open(folder, { cacheDir: join(root, "cache"), adapted: golden.targets });
    const tokenizer = await model.tokenizer();
    const rows = LORA.pairs.map(([prompt, completion], i) =>
      trainingRow(tokenizer, { prompt, completion }, i, { lossOn: "completion", limit: 64, end: false }),
    );
    batch = makeBatch(rows, lengthBuckets(rows, 1)[0], rows.length, 2);
  });
  afterAll(async () => {
    await model.close();
    await checkpoint.close();
  });

  const trainerOf = (optimizer: Parameters<typeof createTrainer>[0]["optimizer"]) =>
    createTrainer({
      parameters: loraTensors(adapter),
      fixed: weights,
      optimizer,
      loss: (lora, b: SftBatch<np.Array>, w) => sftLoss(checkpoint.config, w, { weights: lora, scale: 2 }, b),
    });

  it("has the same loss, and every gradient within 1e-4", async () => {
    const trainer = trainerOf(sgd({ learningRate: 1 }));
    const { loss } = await trainer.train(batch);
    expect(loss).toBeCloseTo(golden.loss, 5);
    const after = trainer.parameterRecord();
    for (const [parameter, gradient] of Object.entries(golden.gradients)) {
      const before = goldenWeights(parameter, gradient.length);
      // A step of size 1 along the negative gradient.
      const found = before.map((value, i) => value - after[parameter].data[i]);
      expect(relativeGap(found, gradient), parameter).toBeLessThan(1e-4);
    }
    expect(Object.keys(after).sort()).toEqual(Object.keys(golden.gradients).sort());
    await trainer.release();
  });

  it("takes the same ten steps of AdamW within 1e-3", async () => {
    const trainer = trainerOf(adamW({ learningRate: 0.01, weightDecay: 0.01 }));
    for (const expected of golden.losses) {
      const { loss } = await trainer.train(batch);
      expect(Math.abs(loss - expected) / expected).toBeLessThan(1e-3);
    }
    for (const [parameter, { data }] of Object.entries(trainer.parameterRecord())) {
      expect(relativeGap(data, golden.after[parameter]), parameter).toBeLessThan(1e-3);
    }
    await trainer.release();
  });

  it("adds up the gradients of parts to those of the whole", async () => {
    const trainer = trainerOf(sgd({ learningRate: 1 }));
    const { parts, weights: shares } = splitBatch(batch, 3, 2);
    expect(parts.length).toBe(2);
    const { loss } = await trainer.trainParts(parts, shares);
    expect(loss).toBeCloseTo(golden.loss, 5);
    const after = trainer.parameterRecord();
    for (const [parameter, gradient] of Object.entries(golden.gradients)) {
      const before = goldenWeights(parameter, gradient.length);
      expect(
        relativeGap(
          before.map((v, i) => v - after[parameter].data[i]),
          gradient,
        ),
      ).toBeLessThan(1e-4);
    }
    await trainer.release();
  });

  it("has the same logits in the inference graph, before training and after", async () => {
    const { decoder } = (model as unknown as { parts: { decoder: Decoder } }).parts;
    const tokenizer = await model.tokenizer();
    const ids = tokenizer.encodePrompt(LORA.pairs[0].join(""));
    model.useAdapter(loadedAdapter(adapter, "golden"));
    const { logits } = await decoder.forward([ids], { keep: 1 });
    logits.forEach((value, i) => {
      expect(Math.abs(value - golden.lastLogits[i])).toBeLessThan(1e-4);
    });

    const after = withTensors(
      adapter,
      Object.fromEntries(
        [...adapter.pairs.keys()].map((path) => {
          const tensor = (part: string, shape: number[]) => float32(golden.after[`${path}.${part}`], shape);
          const { rank, a, b } = adapter.pairs.get(path)!;
          return [path, { A: tensor("A", [rank, a.length / rank]), B: tensor("B", [b.length / rank, rank]) }];
        }),
      ),
    );
    model.useAdapter(loadedAdapter(after, "trained"));
    const run = program(
      ({
        w,
        lora,
        x,
      }: {
        w: Record<string, np.Array>;
        lora: Record<string, { A: np.Array; B: np.Array }>;
        x: np.Array;
      }) => ({
        logits: llamaLogits(
          checkpoint.config,
          w,
          llamaStates(checkpoint.config, w, x, { weights: lora, scale: 2 }),
        ),
      }),
    );
    const trained = await run.run({ w: weights, lora: loraTensors(after), x: int32(ids, [1, ids.length]) });
    const inference = await decoder.forward([ids], { keep: 0 });
    inference.logits.forEach((value, i) => {
      expect(Math.abs(value - trained.logits.data[i])).toBeLessThan(1e-4);
    });
    await run.release();
  });
});
