import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { silentProgress } from "../../../src/core/progress.js";
import { Random } from "../../../src/core/random.js";
import { parseConfig } from "../../../src/llm/checkpoint/config.js";
import { expectedTensors } from "../../../src/llm/checkpoint/tensors.js";
import { packRows, pretrain, type PretrainOptions } from "../../../src/llm/training/pretrain.js";

const CONFIG = parseConfig(
  {
    model_type: "llama",
    vocab_size: 24,
    hidden_size: 16,
    intermediate_size: 32,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    max_position_embeddings: 32,
    tie_word_embeddings: true,
  },
  "config.json",
);
const OPTIONS: PretrainOptions = {
  batchSize: 4,
  rowLength: 16,
  epochs: 6,
  learningRate: 0.02,
  weightDecay: 0.01,
  warmup: 0.1,
  threads: 1,
};
/** Token 1, two noise tokens, then the one fact: token 10 + n is followed by 2 + n. */
const FACTS = [0, 1, 2, 3, 4, 5, 6, 7];
const TEXTS = Array.from({ length: 96 }, (_, i) => {
  const fact = FACTS[i % 8];
  return { tokens: [1, 18 + (i % 5), 18 + (i % 3), 10 + fact, 2 + fact], weights: [0, 0, 0, 0, 1] };
});
const context = () => ({ progress: silentProgress(), signal: new AbortController().signal });

describe("packing", () => {
  it("keeps every text whole and in one place, with its first token not learnt", () => {
    const texts = Array.from({ length: 50 }, (_, i) => ({
      tokens: Array.from({ length: 1 + (i % 7) }, () => 1000 + i),
      weights: Array.from({ length: 1 + (i % 7) }, (_unused, at) => i + at),
    }));
    const rows = packRows(texts, 10, Random.fromSeed(1));
    expect(rows.every(({ tokens, weights }) => tokens.length <= 10 && weights.length === tokens.length)).toBe(
      true,
    );
    expect(rows.length).toBeLessThan(26);
    for (const [i, text] of texts.entries()) {
      const holding = rows.filter(({ tokens }) => tokens.includes(1000 + i));
      expect(holding).toHaveLength(1);
      const from = holding[0].tokens.indexOf(1000 + i);
      expect(holding[0].tokens.slice(from, from + text.tokens.length)).toEqual(text.tokens);
      expect(holding[0].weights.slice(from, from + text.tokens.length)).toEqual([
        0,
        ...text.weights.slice(1),
      ]);
    }
  });

  it("cuts off what no row can hold", () => {
    const [row] = packRows([{ tokens: [1, 2, 3, 4], weights: [1, 1, 1, 1] }], 3, Random.fromSeed(1));
    expect(row).toEqual({ tokens: [1, 2, 3], weights: [0, 1, 1] });
  });
});

describe("pre-training", () => {
  it("begins at the loss of ignorance and learns the facts alone", async () => {
    const first = await pretrain(
      CONFIG,
      TEXTS,
      { ...OPTIONS, learningRate: 1e-9, epochs: 1 },
      Random.fromSeed(1),
      context(),
    );
    expect(Math.abs(first.report.epochs[0].loss - Math.log(24))).toBeLessThan(0.8);
    const { report, weights } = await pretrain(
      CONFIG,
      TEXTS,
      { ...OPTIONS, epochs: 25 },
      Random.fromSeed(1),
      context(),
    );
    expect(report.epochs.at(-1)!.loss).toBeLessThan(0.1);
    for (const [name, shape] of expectedTensors(CONFIG)) expect(weights[name].shape).toEqual(shape);
    const options = { ...OPTIONS, learningRate: 1e-9, epochs: 1, start: weights };
    const more = await pretrain(CONFIG, TEXTS, options, Random.fromSeed(1), context());
    expect(more.report.epochs[0].loss).toBeLessThan(0.1);
  });

  it("gives the same bytes by the same seed, also after a stop", async () => {
    const whole = await pretrain(CONFIG, TEXTS, OPTIONS, Random.fromSeed(2), context());
    const folder = await mkdtemp(join(tmpdir(), "pretrain-"));
    const stopping = new AbortController();
    let updates = 0;
    const progress = {
      ...silentProgress(),
      start: () => ({
        update: () => {
          if (++updates === 20) stopping.abort();
        },
        end: () => undefined,
      }),
    };
    const options = { ...OPTIONS, checkpoint: folder };
    await expect(
      pretrain(CONFIG, TEXTS, options, Random.fromSeed(2), { progress, signal: stopping.signal }),
    ).rejects.toMatchObject({ exit: 130 });
    const resumed = await pretrain(CONFIG, TEXTS, options, Random.fromSeed(2), context());
    for (const [name, { data }] of Object.entries(whole.weights))
      expect(resumed.weights[name].data).toEqual(data);
    // Other texts are another run.
    await expect(
      pretrain(
        CONFIG,
        TEXTS.slice(0, 95).concat({ tokens: [1, 9], weights: [0, 1] }),
        options,
        Random.fromSeed(2),
        context(),
      ),
    ).rejects.toMatchObject({ code: "OTHER_CHECKPOINT" });
    await rm(folder, { recursive: true });
  });
});
