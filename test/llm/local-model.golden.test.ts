import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Decoder } from "../../src/llm/local/decoder.js";
import { LocalModel } from "../../src/llm/local/local-model.js";
import { callContext, goldenModel, GOLDENS, temporaryFolder } from "./tiny-models.js";

let root: string;
beforeAll(async () => (root = await temporaryFolder()));
afterAll(() => rm(root, { recursive: true, force: true }));

function largestGap(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let gap = 0;
  for (let i = 0; i < a.length; i++) gap = Math.max(gap, Math.abs(a[i] - b[i]));
  return gap;
}

/** The decoder inside a model: logits aren't part of its interface. */
function decoderOf(model: LocalModel): Decoder {
  return (model as unknown as { parts: { decoder: Decoder } }).parts.decoder;
}

describe.each(Object.keys(GOLDENS.models))("%s against PyTorch", (name) => {
  let model: LocalModel;
  const { cases } = GOLDENS.models[name];
  beforeAll(async () => {
    const folder = await goldenModel(root, name);
    model = await LocalModel.open(folder, { cacheDir: join(root, "cache"), threads: 2 });
  });
  afterAll(() => model.close());

  it("gives the same tokens for the prompts", async () => {
    const tokenizer = await model.tokenizer();
    expect(GOLDENS.prompts.map(({ text }) => tokenizer.encodePrompt(text))).toEqual(
      GOLDENS.prompts.map(({ ids }) => ids),
    );
    expect(GOLDENS.prompts.map(({ ids }) => tokenizer.decode(ids))).toEqual(
      GOLDENS.prompts.map(({ text }) => text),
    );
  });

  it("gives the same logits within 1e-4 at every position", async () => {
    for (const [i, { ids }] of GOLDENS.prompts.entries()) {
      const { logits, vocabulary } = await decoderOf(model).forward([ids], { keep: 0 });
      const last = logits.subarray((ids.length - 1) * vocabulary);
      expect(largestGap(last, cases[i].lastLogits)).toBeLessThan(1e-4);
      const sums = ids.map((_, p) =>
        logits.subarray(p * vocabulary, (p + 1) * vocabulary).reduce((a, b) => a + b, 0),
      );
      expect(largestGap(sums, cases[i].logitSums)).toBeLessThan(1e-3);
    }
  });

  it("gives the same greedy tokens and states", async () => {
    const tokenizer = await model.tokenizer();
    const texts = GOLDENS.prompts.map(({ text }) => text);
    const answers = await model.generate(texts, { maxNewTokens: 12 }, callContext());
    answers.forEach((answer, i) => {
      const end = cases[i].greedy.findIndex((token) => tokenizer.endTokens.includes(token));
      expect(answer.tokens).toEqual(end < 0 ? cases[i].greedy : cases[i].greedy.slice(0, end + 1));
    });
    const means = await model.embed(texts, callContext());
    const lasts = await model.encode(texts, callContext());
    expect(
      largestGap(
        means.data,
        cases.flatMap((c) => c.meanState),
      ),
    ).toBeLessThan(1e-4);
    expect(
      largestGap(
        lasts.data,
        cases.flatMap((c) => c.lastState),
      ),
    ).toBeLessThan(1e-4);
  });
});
