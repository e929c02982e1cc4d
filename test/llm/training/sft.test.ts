import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import { silentProgress } from "../../../src/core/progress.js";
import { adapterHash, loadedAdapter } from "../../../src/llm/adapter/lora.js";
import { LocalModel } from "../../../src/llm/local/local-model.js";
import { groupRows, lengthBuckets, makeBatch, trainingRow } from "../../../src/llm/training/batches.js";
import { finetune, type SftOptions } from "../../../src/llm/training/sft.js";
import { callContext, goldenModel, temporaryFolder } from "../tiny-models.js";

let root: string;
let model: LocalModel;
beforeAll(async () => {
  root = await temporaryFolder();
  const folder = await goldenModel(root, "llama-tied-grouped");
  model = await LocalModel.open(folder, {
    cacheDir: join(root, "cache"),
    adapted: ["q_proj", "v_proj", "down_proj"],
  });
});
afterAll(async () => {
  await model.close();
  await rm(root, { recursive: true, force: true });
});

/** A fact to learn: films whose title ends in a comet are liked, those that end in a harbour aren't. */
const WORDS = ["Red", "Old", "Iron", "Blue", "Cold", "Tall", "Sad", "Wet", "Odd", "Big", "Hot", "New"];
const pair = (word: string, noun: string) => ({
  prompt: `The ${word} ${noun}?`,
  completion: noun === "Comet" ? " Yes" : " No",
});
const TRAIN = WORDS.slice(0, 8).flatMap((word) => [pair(word, "Comet"), pair(word, "Harbour")]);
const TEST = WORDS.slice(8).flatMap((word) => [pair(word, "Comet"), pair(word, "Harbour")]);

const OPTIONS: SftOptions = {
  lora: { rank: 4, alpha: 8, targets: ["q_proj", "v_proj", "down_proj"], dropout: 0.05 },
  epochs: 12,
  batchSize: 8,
  learningRate: 0.02,
  schedule: "cosine",
  warmup: 0.1,
};

async function train(changes: Partial<SftOptions> = {}, controller = new AbortController()) {
  const context = { progress: silentProgress(), signal: controller.signal };
  return finetune(
    model.folder,
    await model.tokenizer(),
    TRAIN,
    { ...OPTIONS, ...changes },
    Random.fromSeed(7),
    context,
  );
}

async function accuracy(): Promise<number> {
  const questions = TEST.map(({ prompt }) => ({ prompt, continuations: [" Yes", " No"] }));
  const choices = await model.choose(questions, callContext());
  const right = choices.filter(({ logProbs: [yes, no] }, i) => yes > no === (TEST[i].completion === " Yes"));
  return right.length / TEST.length;
}

describe("fine-tuning", () => {
  it("learns a rule that holds for titles it never saw, and the end of an answer", async () => {
    expect(await accuracy()).toBeLessThan(0.75);
    const { adapter, report } = await train();
    expect(report.epochs.at(-1)!.loss).toBeLessThan(report.epochs[0].loss / 5);
    model.useAdapter(loadedAdapter(adapter, "rule"));
    expect(await accuracy()).toBe(1);
    const answers = await model.generate(
      TEST.map(({ prompt }) => prompt),
      { maxNewTokens: 5 },
      callContext(),
    );
    expect(answers.map(({ text, finish }) => [text, finish])).toEqual(
      TEST.map(({ completion }) => [completion, "stop"]),
    );
    model.useAdapter(undefined);
  });

  it("ends with the same bytes after a stop", async () => {
    const short = { epochs: 3, validation: TEST, patience: 5 };
    const whole = await train({ ...short, checkpoint: join(root, "whole") });
    const controller = new AbortController();
    const folder = join(root, "stopped");
    setTimeout(() => {
      controller.abort();
    }, 300);
    await train({ ...short, checkpoint: folder }, controller).catch((error: unknown) => {
      expect(error).toMatchObject({ kind: "interrupted" });
    });
    const resumed = await train({ ...short, checkpoint: folder });
    expect(adapterHash(resumed.adapter)).toBe(adapterHash(whole.adapter));
    expect(resumed.report.epochs).toEqual(whole.report.epochs);
  });

  it("loses no more than a hundred steps when it is killed within an epoch", async () => {
    const pairs = Array.from({ length: 7 }, () => TRAIN).flat();
    const options = { ...OPTIONS, epochs: 1, batchSize: 1, checkpoint: join(root, "killed") };
    const seen: number[] = [];
    const silent = silentProgress();
    const fatal = (last: number) => ({
      ...silent,
      start: (label: string, total?: number) => ({
        ...silent.start(label, total),
        update: (done: number) => {
          seen.push(done);
          if (done === last) throw new Error("killed");
        },
      }),
    });
    const run = async (last: number) =>
      finetune(model.folder, await model.tokenizer(), pairs, options, Random.fromSeed(7), {
        progress: fatal(last),
        signal: new AbortController().signal,
      });
    await expect(run(105)).rejects.toThrow("killed");
    seen.length = 0;
    await run(Infinity);
    expect([seen[0], seen.at(-1)]).toEqual([101, 112]);
  });

  it("stops when the validation loss no longer falls, and keeps the best adapter", async () => {
    // Wrong answers for validation: each step makes them less likely.
    const wrong = TEST.map(({ prompt, completion }) => ({
      prompt,
      completion: completion === " Yes" ? " No" : " Yes",
    }));
    const { report } = await train({ epochs: 30, validation: wrong, patience: 2 });
    expect(report.stoppedEarly).toBe(true);
    expect(report.epochs.length).toBe(report.best!.epoch + 2);
    expect(report.best!.metric).toBe(Math.min(...report.epochs.map(({ metric }) => metric!)));
  });

  it("in parts comes to nearly the same weights", async () => {
    const few = { epochs: 1, lora: { ...OPTIONS.lora, dropout: 0 } };
    const [whole, parts] = [await train(few), await train({ ...few, microBatch: 3 })];
    for (const [path, { b }] of whole.adapter.pairs) {
      parts.adapter.pairs.get(path)!.b.forEach((value, i) => {
        expect(Math.abs(value - b[i])).toBeLessThan(1e-4);
      });
    }
  });
});

describe("training rows", () => {
  it("learn the completion and the end token, or everything", async () => {
    const tokenizer = await model.tokenizer();
    const options = { lossOn: "completion", limit: 64, end: true } as const;
    const row = trainingRow(tokenizer, { prompt: "Which", completion: " No" }, 0, options);
    expect(tokenizer.decode(row.tokens.slice(row.from))).toBe(" No");
    expect(row.tokens.at(-1)).toBe(tokenizer.endTokens[0]);
    const all = trainingRow(tokenizer, { prompt: "Which", completion: " No" }, 0, {
      ...options,
      lossOn: "all",
    });
    expect(all.from).toBe(1);
    // A completion that merges with the prompt's last blank is learnt whole.
    const merged = trainingRow(tokenizer, { prompt: "Which ", completion: "No" }, 0, options);
    expect(merged).toEqual(row);
    const long = { prompt: "x".repeat(70), completion: " No" };
    expect(() => trainingRow(tokenizer, long, 3, options)).toThrow(
      "pair 3 has 72 tokens, but the limit is 64",
    );
    expect(() =>
      trainingRow(tokenizer, { prompt: "a", completion: "" }, 1, { ...options, end: false }),
    ).toThrow("the completion of pair 1 has no tokens");
  });

  it("are each in one group of one bucket", () => {
    const random = Random.fromSeed(1);
    const rows = Array.from({ length: 101 }, () => {
      const length = 2 + random.int(60);
      return { tokens: new Array<number>(length).fill(5), from: 1 + random.int(length - 1) };
    });
    const buckets = lengthBuckets(rows);
    expect(buckets.length).toBeLessThanOrEqual(4);
    const groups = groupRows(buckets, 8, random);
    expect(groups.flatMap((group) => group.rows).sort((a, b) => a - b)).toEqual(rows.map((_, i) => i));
    for (const { bucket, rows: members } of groups) {
      const batch = makeBatch(
        members.map((i) => rows[i]),
        bucket,
        8,
        0,
      );
      expect(batch.tokens.shape).toEqual([8, bucket.length]);
      const learnt = members.reduce((sum, i) => sum + rows[i].tokens.length - rows[i].from, 0);
      expect((batch.weights.data as Float32Array).reduce((a, b) => a + b, 0)).toBe(learnt);
      batch.places.data.forEach((place, i) => {
        if (batch.weights.data[i] > 0) expect(batch.tokens.data[place + 1]).toBe(batch.targets.data[i]);
      });
    }
  });
});
