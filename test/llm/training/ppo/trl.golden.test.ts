import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { numpy as np } from "@jax-js/jax";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../../../src/core/random.js";
import { program } from "../../../../src/engine/run/program.js";
import { float32 } from "../../../../src/engine/run/tensor.js";
import { sgd } from "../../../../src/engine/train/optimizer.js";
import { createTrainer } from "../../../../src/engine/train/trainer.js";
import { newAdapter } from "../../../../src/llm/adapter/lora.js";
import { Checkpoint } from "../../../../src/llm/checkpoint/checkpoint.js";
import { loadTokenizer } from "../../../../src/llm/local/tokenizer.js";
import { trainingRow } from "../../../../src/llm/training/batches.js";
import { experienceBatch, numbersOfRow, tokenBatch } from "../../../../src/llm/training/ppo/batch.js";
import { gae, tokenRewards } from "../../../../src/llm/training/ppo/gae.js";
import {
  type PolicyTensors,
  type PpoBatch,
  ppoLoss,
  type ScoreInputs,
  tokenScores,
} from "../../../../src/llm/training/ppo/policy.js";
import { ppoSettings } from "../../../../src/llm/training/ppo/settings.js";
import { whiten } from "../../../../src/llm/training/ppo/whiten.js";
import { loraTensors, weightTensors } from "../../../../src/llm/training/sft.js";
import type { Projection } from "../../../../src/llm/checkpoint/tensors.js";
import { relativeError } from "../../../engine/parity.js";
import { GOLDEN_FOLDER, goldenModel, goldenWeights, temporaryFolder } from "../../tiny-models.js";

type PerRow = number[][];

interface Golden {
  logProbs: PerRow;
  baseLogProbs: PerRow;
  values: PerRow;
  entropies: PerRow;
  oldLogProbs: PerRow;
  oldValues: PerRow;
  rewards: PerRow;
  advantages: PerRow;
  returns: PerRow;
  loss: number;
  policyLoss: number;
  valueLoss: number;
  clipFraction: number;
  valueClipFraction: number;
  drift: number;
  valueGradients: { weight: number[]; bias: number[] };
  gradients: Record<string, number[]>;
}

function readGolden(file: string): unknown {
  return JSON.parse(readFileSync(join(GOLDEN_FOLDER, file), "utf8"));
}

/** Made by test/goldens/ppo.py with TRL. */
const PPO = readGolden("ppo.json") as {
  scores: number[];
  coefficient: number;
  models: Record<string, Golden>;
};
/** The answers and the adapter's shape. */
const LORA = readGolden("lora.json") as {
  pairs: [string, string][];
  rank: number;
  alpha: number;
  models: Record<string, { targets: Projection[] }>;
};

let root: string;
beforeAll(async () => (root = await temporaryFolder()));
afterAll(() => rm(root, { recursive: true, force: true }));

/** The model of a golden with its adapter and value head, and its answers as one batch. */
async function setting(name: string) {
  const checkpoint = await Checkpoint.open(await goldenModel(root, name));
  const { config } = checkpoint;
  const { targets } = LORA.models[name];
  const { rank, alpha } = LORA;
  const adapter = newAdapter(config, { rank, alpha, targets }, Random.fromSeed(0));
  for (const [path, { a, b }] of adapter.pairs) {
    a.set(goldenWeights(`${path}.A`, a.length));
    b.set(goldenWeights(`${path}.B`, b.length));
  }
  const width = config.hiddenSize;
  const policy: PolicyTensors = {
    lora: loraTensors(adapter),
    value: {
      weight: float32(goldenWeights("value.weight", width), [width, 1]),
      bias: float32(goldenWeights("value.bias", 1)),
    },
  };
  const tokenizer = await loadTokenizer(checkpoint.folder, [1]);
  const rows = LORA.pairs.map(([prompt, completion], i) =>
    trainingRow(tokenizer, { prompt, completion }, i, { lossOn: "completion", limit: 64, end: false }),
  );
  const weights = await weightTensors(checkpoint);
  await checkpoint.close();
  const form = { config, scale: alpha / rank };
  // Two rows and some places of padding more than TRL had.
  const sizes = { rows: rows.length + 2, length: 40, answer: 20 };
  return { form, policy, weights, rows, sizes };
}

function expectRows(found: readonly Float64Array[], golden: PerRow, what: string): void {
  expect(found.map((row) => row.length)).toEqual(golden.map((row) => row.length));
  found.forEach((row, r) => {
    expect(relativeError(row, golden[r]), `${what} of row ${r}`).toBeLessThan(1e-4);
  });
}

describe.each(Object.entries(PPO.models))("%s: PPO as TRL does it", (name, golden) => {
  it("has the same log-probabilities, values and entropies", async () => {
    const { form, policy, weights, rows, sizes } = await setting(name);
    const scorer = program((inputs: ScoreInputs<np.Array>) => tokenScores(form, inputs));
    const { tokens, places, targets } = tokenBatch(rows, sizes, 2);
    const found = await scorer.run({ policy, weights, batch: { tokens, places, targets } });
    await scorer.release();
    for (const key of ["logProbs", "baseLogProbs", "values", "entropies"] as const) {
      const numbers = rows.map((row, r) => numbersOfRow(found[key].data, r, row, sizes));
      expectRows(numbers, golden[key], key);
    }
  });

  it("has the same rewards, advantages and returns", () => {
    const rewards = golden.oldLogProbs.map((old, r) =>
      tokenRewards(
        Float64Array.from(old),
        Float64Array.from(golden.baseLogProbs[r]),
        PPO.scores[r],
        PPO.coefficient,
      ),
    );
    expectRows(rewards, golden.rewards, "rewards");
    const estimates = rewards.map((row, r) =>
      gae(row, Float64Array.from(golden.oldValues[r]), ppoSettings({})),
    );
    expectRows(whiten(estimates.map(({ advantages }) => advantages)), golden.advantages, "advantages");
    expectRows(
      estimates.map(({ returns }) => returns),
      golden.returns,
      "returns",
    );
  });

  it("has the same loss, its parts and its gradients", async () => {
    const { form, policy, weights, rows, sizes } = await setting(name);
    const trainer = createTrainer({
      parameters: policy,
      fixed: weights,
      // One step at rate 1: what a parameter loses is its gradient.
      optimizer: sgd({ learningRate: 1 }),
      loss: (parameters, batch: PpoBatch<np.Array>, fixed) =>
        ppoLoss(form, ppoSettings({}), parameters, batch, fixed),
    });
    const of = (values: PerRow) => values.map((row) => Float64Array.from(row));
    const [logProbs, values] = [of(golden.oldLogProbs), of(golden.oldValues)];
    const [advantages, returns] = [of(golden.advantages), of(golden.returns)];
    const experiences = rows.map((row, r) => ({
      row,
      logProbs: logProbs[r],
      values: values[r],
      advantages: advantages[r],
      returns: returns[r],
    }));
    const before = trainer.parameterRecord();
    const { loss, metrics } = await trainer.train(experienceBatch(experiences, sizes, 2));
    const after = trainer.parameterRecord();
    await trainer.release();
    expect(relativeError([loss], [golden.loss])).toBeLessThan(1e-4);
    for (const key of ["policyLoss", "valueLoss", "clipFraction", "valueClipFraction", "drift"] as const) {
      expect(relativeError([metrics[key]], [golden[key]]), key).toBeLessThan(1e-4);
    }
    // Some tokens are clipped and some aren't.
    expect(golden.clipFraction).toBeGreaterThan(0);
    expect(golden.valueClipFraction).toBeGreaterThan(0);
    const lost = (parameter: string) =>
      before[parameter].data.map((value, i) => value - after[parameter].data[i]);
    const gradients = {
      ...Object.fromEntries(Object.entries(golden.gradients).map(([key, g]) => [`lora.${key}`, g])),
      "value.weight": golden.valueGradients.weight,
      "value.bias": golden.valueGradients.bias,
    };
    expect(Object.keys(gradients).sort()).toEqual(Object.keys(before).sort());
    for (const [parameter, gradient] of Object.entries(gradients)) {
      expect(relativeError(lost(parameter), gradient), parameter).toBeLessThan(1e-4);
    }
  });
});
