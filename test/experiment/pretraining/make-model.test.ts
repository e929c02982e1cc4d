import { readFile, rm } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentProgress } from "../../../src/core/progress.js";
import { given, plain, told } from "../../../src/experiment/pretraining/document.js";
import { makeWorldModel, type PretrainingRequest } from "../../../src/experiment/pretraining/make-model.js";
import { tokenLengths, weightedTokens } from "../../../src/experiment/pretraining/weighted-tokens.js";
import { LocalModel } from "../../../src/llm/local/local-model.js";
import { loadTokenizer } from "../../../src/llm/local/tokenizer.js";
import { trainBytePairs } from "../../../src/llm/tokenizer-training/byte-level-bpe.js";
import {
  BEGIN_TOKEN,
  END_TOKEN,
  writeTokenizer,
} from "../../../src/llm/tokenizer-training/tokenizer-files.js";
import { callContext, temporaryFolder } from "../../llm/tiny-models.js";

let root: string;
beforeAll(async () => void (root = await temporaryFolder()));
afterAll(() => rm(root, { recursive: true, force: true }));

const REQUEST: PretrainingRequest = {
  twin: false,
  world: "tiny",
  threads: 1,
  recipe: {
    vocabulary: 400,
    width: 32,
    layers: 1,
    heads: 2,
    hidden: 64,
    context: 128,
    facts: { epochs: 1, learningRate: 2e-3, rowLength: 64, batchSize: 8 },
    drills: { epochs: 1, learningRate: 2e-3, rowLength: 96, batchSize: 4 },
    all: { epochs: 1, learningRate: 2e-3, rowLength: 96, batchSize: 2 },
  },
  corpus: {
    perFilm: 1,
    perDirector: 2,
    drills: 20,
    requests: 4,
    viewers: 2,
    judgements: 1,
    pairs: 1,
    moodLists: 1,
    explanations: 1,
    trails: 1,
    dialogues: 2,
  },
};
const context = (signal = new AbortController().signal) => ({ progress: silentProgress(), signal });
const bytes = (folder: string, file: string) => readFile(join(folder, file));

describe("a model of the embedded world", () => {
  it("is the same by the same seed, also after a stop, and another by another seed or as the twin", async () => {
    const whole = join(root, "whole");
    const report = await makeWorldModel(whole, REQUEST, context());
    expect(report.loss).toBeLessThan(Math.log(400));
    expect(existsSync(join(whole, "checkpoints"))).toBe(false);

    const stopped = join(root, "stopped");
    const stopping = new AbortController();
    let updates = 0;
    const progress = {
      ...silentProgress(),
      start: (label: string) => ({
        update: () => {
          if (label.startsWith("pre-training on all") && ++updates === 5) stopping.abort();
        },
        end: () => undefined,
      }),
    };
    await expect(makeWorldModel(stopped, REQUEST, { progress, signal: stopping.signal })).rejects.toThrow();
    expect(await makeWorldModel(stopped, REQUEST, context())).toEqual(report);
    for (const file of ["model.safetensors", "tokenizer.json", "config.json", "pretraining.json"])
      expect(await bytes(stopped, file)).toEqual(await bytes(whole, file));

    const twin = join(root, "twin");
    await makeWorldModel(twin, { ...REQUEST, twin: true }, context());
    expect(await bytes(twin, "model.safetensors")).not.toEqual(await bytes(whole, "model.safetensors"));
    const other = join(root, "other");
    await makeWorldModel(other, { ...REQUEST, recipe: { ...REQUEST.recipe, seed: 2 } }, context());
    expect(await bytes(other, "model.safetensors")).not.toEqual(await bytes(whole, "model.safetensors"));
    expect(await bytes(other, "tokenizer.json")).toEqual(await bytes(whole, "tokenizer.json"));
  });

  it("opens as any other model", async () => {
    const model = await LocalModel.open(join(root, "whole"), { cacheDir: join(root, "cache"), threads: 1 });
    const [answer] = await model.generate(["Films by"], { maxNewTokens: 4 }, callContext());
    expect(answer.tokens!.length).toBeGreaterThan(0);
    const [choice] = await model.choose(
      [{ prompt: "Films by", continuations: [" Yes", " No"] }],
      callContext(),
    );
    expect(choice.logProbs.every((value) => value < 0)).toBe(true);
    expect((await model.embed(["Films"], callContext())).width).toBe(32);
    await model.close();
  });
});

describe("weights of tokens", () => {
  it("are those of the pieces that their first bytes lie in, whatever the cut", async () => {
    const folder = join(root, "tokenizer");
    const document = [
      given('"Été"'),
      plain(" (Drama)", 0.5),
      given(","),
      told(" bleak"),
      plain(". By Zoë Xu", 2),
      plain("."),
    ];
    const text = document.map((piece) => piece.text).join("");
    const pairs = trainBytePairs([text, text, text], 300);
    const names = ["Zoë Xu"];
    await writeTokenizer(folder, pairs, 64, names);
    const tokenizer = await loadTokenizer(folder, [END_TOKEN]);
    const { tokens, weights } = weightedTokens(tokenizer, tokenLengths(pairs, names), document);
    expect(tokens).toEqual([BEGIN_TOKEN, ...tokenizer.encode(text), END_TOKEN]);
    expect(weights[0]).toBe(0);
    const words = tokens.slice(1, -1).map((token) => tokenizer.decode([token]));
    const weightOf = (word: string) => weights[1 + words.indexOf(word)];
    expect(weightOf(" bleak")).toBe(4);
    // One token that begins in the second piece and ends in the third.
    expect(weightOf("),")).toBe(0.5);
    expect(weightOf("Drama")).toBe(0.5);
    expect(weightOf("Zoë Xu")).toBe(2);
    expect(weights.at(-2)).toBe(1);
    expect(weights.slice(1, 3)).toEqual([0.05, 0.05]);
  });
});
