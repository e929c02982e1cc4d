import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { EXIT } from "../../src/core/errors.js";
import { readAdapter } from "../../src/llm/adapter/peft-files.js";
import { loadedAdapter } from "../../src/llm/adapter/lora.js";
import { PROJECTIONS } from "../../src/llm/checkpoint/tensors.js";
import { exportModel } from "../../src/llm/inference/export-model.js";
import { formatModels, installedModels } from "../../src/llm/installed.js";
import { LocalModel } from "../../src/llm/local/local-model.js";
import type { ModelSpec } from "../../src/llm/spec.js";
import {
  type FinetuneRequest,
  finetuneFile,
  formatFinetuning,
} from "../../src/llm/training/finetune-file.js";
import { readPairs } from "../../src/llm/training/pairs-file.js";
import { callContext, goldenModel, temporaryFolder } from "./tiny-models.js";

let root: string;
let spec: ModelSpec;
beforeAll(async () => {
  root = await temporaryFolder();
  vi.stubEnv("LLMREC_CACHE_DIR", join(root, "cache"));
  vi.stubEnv("HF_HUB_CACHE", join(root, "hub"));
  spec = { kind: "dir", path: await goldenModel(root, "llama-tied-grouped") };
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true, force: true });
});

/** A rule to learn: films whose title ends in a comet are liked, those that end in a harbour aren't. */
const PAIRS = [
  "Red",
  "Old",
  "Iron",
  "Blue",
  "Cold",
  "Tall",
  "Sad",
  "Wet",
  "Odd",
  "Big",
  "Hot",
  "New",
].flatMap((word) => [
  { prompt: `The ${word} Comet?`, completion: " Yes" },
  { prompt: `The ${word} Harbour?`, completion: " No" },
]);

async function pairsFile(name: string, lines: readonly string[]): Promise<string> {
  const file = join(root, name);
  await writeFile(file, lines.join("\n"));
  return file;
}

const request = async (changes: Partial<FinetuneRequest> = {}): Promise<FinetuneRequest> => ({
  model: spec,
  file: await pairsFile("pairs.jsonl", [...PAIRS.map((pair) => JSON.stringify(pair)), "", ""]),
  out: join(root, "adapter"),
  epochs: 12,
  rank: 4,
  learningRate: 0.02,
  batchSize: 8,
  heldOut: 0.25,
  seed: 3,
  ...changes,
});

describe("fine-tuning on a file", () => {
  it("writes a PEFT adapter and says what it learnt of pairs that it never saw", async () => {
    const report = await finetuneFile(await request(), callContext());
    expect(report.trainedPairs).toBe(18);
    expect(report.accuracy.pairs).toBe(6);
    expect(report.accuracy.after).toBe(1);
    expect(report.accuracy.before).toBeLessThan(1);
    expect(report.epochs[report.keptEpoch! - 1].validation).toBe(
      Math.min(...report.epochs.map(({ validation }) => validation!)),
    );
    expect(formatFinetuning(report)).toContain("100.0 % after");
    const adapter = await readAdapter(join(root, "adapter"));
    expect(adapter.options).toMatchObject({ rank: 4, alpha: 8 });
    expect(JSON.parse(await readFile(join(root, "adapter", "training.json"), "utf8"))).toEqual(report);
    await expect(finetuneFile(await request(), callContext())).rejects.toMatchObject({
      code: "FOLDER_NOT_EMPTY",
    });
  });

  it("has no accuracy where completions are texts, and none without held-out pairs", async () => {
    const texts = PAIRS.map(({ prompt }, n) => JSON.stringify({ prompt, completion: ` text ${n}` }));
    const file = await pairsFile("texts.jsonl", texts);
    const one = { epochs: 1, file, out: join(root, "texts") };
    expect((await finetuneFile(await request(one), callContext())).accuracy).toEqual({
      pairs: 6,
      before: null,
      after: null,
    });
    const none = await finetuneFile(
      await request({ epochs: 1, heldOut: 0, out: join(root, "none") }),
      callContext(),
    );
    expect(none.accuracy).toEqual({ pairs: 0, before: null, after: null });
    expect(none.keptEpoch).toBeNull();
  });

  it("names the line that is wrong", async () => {
    const file = await pairsFile("bad.jsonl", [JSON.stringify(PAIRS[0]), '{"prompt": "a"}']);
    await expect(readPairs(file)).rejects.toMatchObject({ exit: EXIT.data, place: { file, line: 2 } });
    await expect(readPairs(await pairsFile("no.jsonl", ["no"]))).rejects.toMatchObject({
      place: { line: 1 },
    });
    await expect(readPairs(await pairsFile("empty.jsonl", []))).rejects.toMatchObject({ code: "NO_PAIRS" });
    await expect(readPairs(join(root, "nowhere"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    const chat = { prompt: [{ role: "user", content: "Hi" }], completion: "Yes", more: 1 };
    expect(await readPairs(await pairsFile("chat.jsonl", [JSON.stringify(chat)]))).toHaveLength(1);
  });
});

describe("exporting", () => {
  it("writes weights and graph that answer like the model with its adapter", async () => {
    const out = join(root, "export");
    await exportModel({ model: spec, out, adapter: join(root, "adapter"), weights: "fp32" }, callContext());
    const questions = PAIRS.map(({ prompt }) => ({ prompt, continuations: [" Yes", " No"] }));
    const base = await LocalModel.open((spec as { path: string }).path, { adapted: PROJECTIONS });
    base.useAdapter(loadedAdapter(await readAdapter(join(root, "adapter")), "adapter"));
    const expected = await base.choose(questions, callContext());
    await base.close();
    const weights = await LocalModel.open(out);
    const found = await weights.choose(questions, callContext());
    await weights.close();
    // The graph alone, as transformers.js loads it.
    await rm(join(out, "model.safetensors"));
    const graph = await LocalModel.open(out);
    const again = await graph.choose(questions, callContext());
    await graph.close();
    questions.forEach((_, n) => {
      for (const choice of [0, 1]) {
        expect(found[n].logProbs[choice]).toBeCloseTo(expected[n].logProbs[choice], 4);
        expect(again[n].logProbs[choice]).toBeCloseTo(expected[n].logProbs[choice], 4);
      }
    });
    await expect(exportModel({ model: spec, out, weights: "fp32" }, callContext())).rejects.toMatchObject({
      code: "FOLDER_NOT_EMPTY",
      exit: EXIT.usage,
    });
  });
});

describe("the list of models", () => {
  it("shows the Hub's cache, readable or not, and every form of a SPEC", async () => {
    const snapshots = (name: string) => join(root, "hub", `models--${name}`, "snapshots");
    await mkdir(snapshots("org--good"), { recursive: true });
    await exportModel(
      { model: spec, out: join(snapshots("org--good"), "abc"), weights: "fp32" },
      callContext(),
    );
    await mkdir(join(snapshots("org--bad"), "abc"), { recursive: true });
    await writeFile(join(snapshots("org--bad"), "abc", "config.json"), "{}");
    const models = await installedModels();
    const bySpec = new Map(models.map((model) => [model.spec, model]));
    expect(bySpec.get("hf:org/good")!.parameters).toBeGreaterThan(1000);
    expect(bySpec.get("hf:org/bad")!.parameters).toBeNull();
    expect(formatModels(models)).toMatch(/hf:org\/bad +\?/);
    expect(formatModels([])).toContain("openai:BASE_URL#MODEL");
  });
});
