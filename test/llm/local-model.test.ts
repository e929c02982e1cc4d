import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LocalModel } from "../../src/llm/local/local-model.js";
import { logProbability } from "../../src/llm/local/sampler.js";
import { type Decoder, lastPositions } from "../../src/llm/local/decoder.js";
import type { Generation } from "../../src/llm/language-model.js";
import { callContext, goldenModel, GOLDENS, temporaryFolder, writeTinyModel } from "./tiny-models.js";

const PROMPTS = [
  "I liked The Quiet Harbour.",
  "I liked The Rusty Harbour.",
  "Yes",
  "No",
  "Will the user like Night of the Iron Comet? Answer:",
  "Which",
];

let root: string;
let model: LocalModel;
const open = (folder: string, options = {}) =>
  LocalModel.open(folder, { cacheDir: join(root, "cache"), threads: 2, ...options });

beforeAll(async () => {
  root = await temporaryFolder();
  model = await open(await goldenModel(root, "llama-tied-grouped"));
});
afterAll(async () => {
  await model.close();
  await rm(root, { recursive: true, force: true });
});

const essence = ({ tokens, logProbs, text, finish }: Generation) => ({ tokens, logProbs, text, finish });

describe("an answer does not depend on its batch", () => {
  it.each([
    ["greedy", { maxNewTokens: 10 }],
    ["sampled", { maxNewTokens: 10, temperature: 1, topP: 0.9, seed: 3 }],
  ])("%s: alone and together, in any order, to the bit", async (_, options) => {
    const together = await model.generate(PROMPTS, options, callContext());
    const reversed = await model.generate([...PROMPTS].reverse(), options, callContext());
    expect(reversed.reverse().map(essence)).toEqual(together.map(essence));
    for (const [i, prompt] of PROMPTS.entries()) {
      const [alone] = await model.generate([prompt], options, callContext());
      expect(essence(alone)).toEqual(essence(together[i]));
    }
  });

  it("padded batches give the same greedy tokens", async () => {
    const padded = await open(join(root, "llama-tied-grouped"), { batching: "padded" });
    const expected = await model.generate(PROMPTS, { maxNewTokens: 10 }, callContext());
    const found = await padded.generate(PROMPTS, { maxNewTokens: 10 }, callContext());
    expect(found.map(({ tokens }) => tokens)).toEqual(expected.map(({ tokens }) => tokens));
    found.forEach(({ logProbs }, i) => {
      logProbs!.forEach((value, t) => {
        expect(value).toBeCloseTo(expected[i].logProbs![t], 3);
      });
    });
    await padded.close();
  });

  it("padded rows keep their padding when others leave the batch", async () => {
    const [short, long] = ["No", "Will the user like Night of the Iron Comet? Answer:"];
    const free = await model.generate(PROMPTS, { maxNewTokens: 10 }, callContext());
    const [shortly, lengthy] = [short, long].map((prompt) => free[PROMPTS.indexOf(prompt)].tokens!);
    // Another prompt's first token, which the two don't give, ends answers: rows of it leave at once.
    const leaving = PROMPTS.findIndex((_, n) => ![...shortly, ...lengthy].includes(free[n].tokens![0]));
    const raw = { ...GOLDENS.models["llama-tied-grouped"].config, eos_token_id: free[leaving].tokens![0] };
    const padded = await open(await writeTinyModel(join(root, "leaving"), raw), { batching: "padded" });
    const prompts = [short, ...new Array<string>(6).fill(PROMPTS[leaving]), long];
    const found = await padded.generate(prompts, { maxNewTokens: 10 }, callContext());
    expect(found.map(({ tokens }) => tokens!.length)).toEqual([10, 1, 1, 1, 1, 1, 1, 10]);
    expect([found[0].tokens, found[7].tokens]).toEqual([shortly, lengthy]);
    await padded.close();
  });

  it("a window hides what padding moves", async () => {
    const folder = await goldenModel(root, "mistral-window");
    const [exact, padded] = [await open(folder), await open(folder, { batching: "padded" })];
    const [a, b] = [
      await exact.generate(PROMPTS, { maxNewTokens: 10 }, callContext()),
      await padded.generate(PROMPTS, { maxNewTokens: 10 }, callContext()),
    ];
    expect(b.map(({ tokens }) => tokens)).toEqual(a.map(({ tokens }) => tokens));
    await exact.close();
    await padded.close();
  });
});

describe("sampling", () => {
  it("draws other answers for other seeds, the same for the same", async () => {
    const many = new Array<string>(8).fill(PROMPTS[0]);
    const options = { maxNewTokens: 6, temperature: 1, seed: [1, 2, 3, 4, 5, 6, 7, 1] };
    const answers = await model.generate(many, options, callContext());
    expect(essence(answers[7])).toEqual(essence(answers[0]));
    expect(new Set(answers.map(({ tokens }) => tokens!.join())).size).toBe(7);
  });

  it("is the same from an export that gives back all keys and values, as others make them", async () => {
    const other = await open(join(root, "llama-tied-grouped"));
    const expected = await other.generate(PROMPTS, { maxNewTokens: 10 }, callContext());
    const { decoder } = (other as unknown as { parts: { decoder: { appends: boolean } } }).parts;
    expect(decoder.appends).toBe(true);
    decoder.appends = false;
    const found = await other.generate(PROMPTS, { maxNewTokens: 10 }, callContext());
    expect(found.map(essence)).toEqual(expected.map(essence));
    await other.close();
  });

  it("reads the last position where an export gives all", () => {
    const all = { data: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), dims: [2, 3, 2] };
    expect([...lastPositions(all, 1)]).toEqual([5, 6, 11, 12]);
    expect([...lastPositions(all, 2)]).toEqual([3, 4, 5, 6, 9, 10, 11, 12]);
    expect(lastPositions(all, 0)).toBe(all.data);
    expect(lastPositions(all, 3)).toBe(all.data);
  });

  it("is the same after other rows of the batch have ended and left it", async () => {
    const text = (await model.generate(["Yes"], { maxNewTokens: 10 }, callContext()))[0].text;
    // Eight rows, seven of which end at their first token.
    const prompts = ["No", "No", "No", "No", "No", "Yes", "No", "No"];
    const allowed = ["No", text];
    const [long] = await model.generate(["Yes"], { maxNewTokens: 10, allowed: [text] }, callContext());
    const together = await model.generate(
      prompts,
      { maxNewTokens: 10, allowed, excluded: prompts.map((prompt) => (prompt === "Yes" ? ["No"] : [text])) },
      callContext(),
    );
    expect(essence(together[5])).toEqual(essence(long));
    expect(together.filter((answer) => answer.text === "No")).toHaveLength(7);
  });

  it("ends rows at a stop text, and remembers that they ended", async () => {
    const free = await model.generate(PROMPTS, { maxNewTokens: 12 }, callContext());
    const stops = free.map(({ text }) => text.slice(4, 6));
    for (const [i, prompt] of PROMPTS.entries()) {
      const [cut] = await model.generate([prompt], { maxNewTokens: 12, stop: [stops[i]] }, callContext());
      expect(cut.text).toBe(free[i].text.slice(0, free[i].text.indexOf(stops[i])));
      expect(cut.finish).toBe("stop");
      expect(cut.tokens!.length).toBeLessThanOrEqual(free[i].tokens!.length);
      expect(free[i].tokens!.slice(0, cut.tokens!.length)).toEqual(cut.tokens);
    }
  });

  it("ends rows at their first end token", async () => {
    const first = await model.generate(PROMPTS, { maxNewTokens: 12 }, callContext());
    // The same weights, but the token that the first prompt gives at its third place ends an answer.
    const ending = first[0].tokens![2];
    const raw = { ...GOLDENS.models["llama-tied-grouped"].config, eos_token_id: ending };
    const other = await open(await writeTinyModel(join(root, "ending"), raw));
    const answers = await other.generate(PROMPTS, { maxNewTokens: 12 }, callContext());
    answers.forEach((answer, i) => {
      const end = first[i].tokens!.indexOf(ending);
      expect(answer.tokens).toEqual(end < 0 ? first[i].tokens : first[i].tokens!.slice(0, end + 1));
      expect(answer.finish).toBe(end < 0 ? "length" : "stop");
    });
    expect(answers[0].usage.completionTokens).toBe(first[0].tokens!.indexOf(ending) + 1);
    await other.close();
  });

  it("answers only what is allowed, with the allowed answers' own probabilities", async () => {
    const allowed = ["The Yes", "The No", "The", "No", "thes"];
    const seeds = Array.from({ length: 60 }, (_, i) => i);
    const answers = await model.generate(
      seeds.map(() => PROMPTS[4]),
      { maxNewTokens: 8, temperature: 1.5, seed: seeds, allowed },
      callContext(),
    );
    for (const { text, finish } of answers) {
      expect(allowed).toContain(text);
      expect(finish).toBe("stop");
    }
    expect(new Set(answers.map(({ text }) => text)).size).toBeGreaterThan(2);
    const [greedy] = await model.generate([PROMPTS[4]], { maxNewTokens: 8, allowed: ["No"] }, callContext());
    expect(greedy.text).toBe("No");
    expect(Math.abs(greedy.logProbs![0])).toBe(0);
  });

  it("stops between runs when it is interrupted", async () => {
    const controller = new AbortController();
    const answers: number[] = [];
    const work = model.generate(PROMPTS, { maxNewTokens: 5 }, callContext(controller), (index) => {
      answers.push(index);
      controller.abort();
    });
    await expect(work).rejects.toMatchObject({ kind: "interrupted" });
    expect(answers.length).toBeGreaterThan(0);
    expect(answers.length).toBeLessThan(PROMPTS.length);
  });
});

describe("choose", () => {
  /** The same log-probability without a cache, prefix or batch: all tokens at once, from all logits. */
  async function byHand(prompt: string, continuation: string): Promise<number> {
    const tokenizer = await model.tokenizer();
    const { decoder } = (model as unknown as { parts: { decoder: Decoder } }).parts;
    const from = tokenizer.encodePrompt(prompt).length;
    const ids = tokenizer.encodePrompt(prompt + continuation);
    const { logits, vocabulary } = await decoder.forward([ids], { keep: 0 });
    let sum = 0;
    for (let p = from; p < ids.length; p++) {
      sum += logProbability(logits.subarray((p - 1) * vocabulary, p * vocabulary), ids[p]);
    }
    return sum;
  }

  it("equals the sum over tokens of a plain forward run", async () => {
    const continuations = [" Yes", " No", " The Quiet Harbour", " the user", "!"];
    const questions = PROMPTS.map((prompt) => ({ prompt, continuations }));
    const context = callContext();
    const choices = await model.choose(questions, context);
    for (const [q, { prompt, continuations: texts }] of questions.entries()) {
      for (const [c, text] of texts.entries()) {
        expect(choices[q].logProbs[c]).toBeCloseTo(await byHand(prompt, text), 4);
      }
    }
    expect(context.cost.total.llmCalls).toBe(questions.length);
  });

  it("scores a continuation that merges with the prompt's last token", async () => {
    // " " + "Yes" is one token of this tokenizer, so the prompt alone is no beginning of the whole.
    const [a, b] = await model.choose(
      [
        { prompt: "Answer: ", continuations: ["Yes", "No"] },
        { prompt: "Answer:", continuations: [" Yes", " No"] },
      ],
      callContext(),
    );
    expect(a.logProbs).toEqual(b.logProbs);
  });

  it("gives the same bits alone and in a batch", async () => {
    const questions = PROMPTS.map((prompt) => ({
      prompt,
      continuations: [" Yes", " The Iron Comet", " No"],
    }));
    const together = await model.choose(questions, callContext());
    for (const [i, question] of questions.entries()) {
      const [alone] = await model.choose([question], callContext());
      expect(alone.logProbs).toEqual(together[i].logProbs);
    }
  });

  it("gives probabilities that sum to one over the vocabulary's first tokens", async () => {
    const tokenizer = await model.tokenizer();
    const letters = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i));
    const texts = [
      ...letters,
      " ",
      "\n",
      "th",
      " th",
      " the",
      "es",
      "Yes",
      " Yes",
      "No",
      " No",
      "Th",
      "The",
      " The",
    ];
    const single = texts.filter((text) => tokenizer.encode(text).length === 1);
    const [{ logProbs }] = await model.choose([{ prompt: "Which?", continuations: single }], callContext());
    const sum = logProbs.reduce((total, value) => total + Math.exp(value), 0);
    expect(sum).toBeLessThan(1);
    expect(sum).toBeGreaterThan(0.8);
  });
});

describe("vectors", () => {
  it("are the same alone and in a batch", async () => {
    const together = await model.embed(PROMPTS, callContext());
    const last = await model.encode(PROMPTS, callContext());
    for (const [i, prompt] of PROMPTS.entries()) {
      const row = (data: Float32Array) => data.slice(i * together.width, (i + 1) * together.width);
      expect((await model.embed([prompt], callContext())).data).toEqual(row(together.data));
      expect((await model.encode([prompt], callContext())).data).toEqual(row(last.data));
    }
    expect(row0(together)).not.toEqual(row0(last));
  });

  function row0({ data, width }: { data: Float32Array; width: number }): Float32Array {
    return data.slice(0, width);
  }

  it("gives the token embeddings of the checkpoint", async () => {
    const { rows, width, data } = await model.tokenEmbeddings();
    expect([rows, width, data.length]).toEqual([112, 32, 112 * 32]);
  });
});

describe("adapters", () => {
  it("of rank 0 equal the base to the bit, and others change it and can be taken off again", async () => {
    const folder = join(root, "llama-tied-grouped");
    const adaptable = await open(folder, { adapted: ["q_proj", "v_proj", "down_proj"] });
    const base = await model.generate(PROMPTS, { maxNewTokens: 6 }, callContext());
    expect((await adaptable.generate(PROMPTS, { maxNewTokens: 6 }, callContext())).map(essence)).toEqual(
      base.map(essence),
    );
    const rank = 3;
    const values = (size: number) =>
      Float32Array.from({ length: size }, (_, i) => Math.sin(i * 12.9898) * 0.5);
    const matrices = new Map<string, { shape: [number, number]; data: Float32Array }>([
      ["lora.0.v_proj.A", { shape: [32, rank], data: values(32 * rank) }],
      ["lora.0.v_proj.B", { shape: [rank, 16], data: values(16 * rank) }],
    ]);
    adaptable.useAdapter({ name: "test", hash: "abc", matrices });
    expect(adaptable.identity.hash).not.toBe(model.identity.hash);
    const adapted = await adaptable.embed(PROMPTS, callContext());
    expect(adapted.data).not.toEqual((await model.embed(PROMPTS, callContext())).data);
    adaptable.useAdapter(undefined);
    expect((await adaptable.embed(PROMPTS, callContext())).data).toEqual(
      (await model.embed(PROMPTS, callContext())).data,
    );
    expect(adaptable.identity.hash).toBe(model.identity.hash);
    await adaptable.close();
  });
});

describe("few bits", () => {
  it.each([
    ["q8", 8],
    ["q4", 4],
  ] as const)("%s equals 32-bit weights rounded to the same steps", async (weights, bits) => {
    const raw = GOLDENS.models.llama.config;
    const rounded = (name: string, values: Float32Array, shape: readonly number[]) =>
      /proj.weight|lm_head/.test(name) ? roundTrip(values, shape, bits) : values;
    const [exact, expected] = [join(root, "llama"), join(root, `llama-${weights}`)];
    await writeTinyModel(exact, raw);
    await writeTinyModel(expected, raw, {}, rounded);
    const [small, reference, full] = [
      await open(exact, { weights }),
      await open(expected),
      await open(exact),
    ];
    const questions = PROMPTS.map((prompt) => ({ prompt, continuations: [" Yes", " No", "x"] }));
    const scores = async (m: LocalModel) =>
      (await m.choose(questions, callContext())).flatMap(({ logProbs }) => logProbs);
    const [a, b, c] = [await scores(small), await scores(reference), await scores(full)];
    a.forEach((value, i) => {
      expect(value).toBeCloseTo(b[i], 4);
    });
    expect(Math.max(...a.map((value, i) => Math.abs(value - c[i])))).toBeGreaterThan(1e-3);
    expect(small.identity.hash).not.toBe(full.identity.hash);
    for (const m of [small, reference, full]) await m.close();
  });

  /** Rounds along rows in blocks of 32 to multiples of (the value of largest magnitude) / -2^(bits-1). */
  function roundTrip(values: Float32Array, [rows, columns]: readonly number[], bits: number): Float32Array {
    const out = new Float32Array(values.length);
    const half = 2 ** (bits - 1);
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c += 32) {
        const block = values.subarray(r * columns + c, r * columns + Math.min(columns, c + 32));
        const largest = block.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0);
        const scale = Math.fround(largest / -half);
        block.forEach((value, i) => {
          const steps = Math.min(half - 1, Math.max(-half, Math.round(value / (largest / -half))));
          out[r * columns + c + i] = steps * scale;
        });
      }
    }
    return out;
  }
});
