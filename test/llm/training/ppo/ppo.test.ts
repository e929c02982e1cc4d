import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EXIT } from "../../../../src/core/errors.js";
import { Random } from "../../../../src/core/random.js";
import { adapterHash } from "../../../../src/llm/adapter/lora.js";
import type { Projection } from "../../../../src/llm/checkpoint/tensors.js";
import { LocalModel } from "../../../../src/llm/local/local-model.js";
import type { PpoHealth } from "../../../../src/llm/training/ppo/health.js";
import { ppo } from "../../../../src/llm/training/ppo/ppo.js";
import type { PpoOptions, Reward } from "../../../../src/llm/training/ppo/settings.js";
import { promptsOfStep } from "../../../../src/llm/training/ppo/rollout.js";
import { callContext, goldenModel, temporaryFolder } from "../../tiny-models.js";

const TARGETS: Projection[] = ["q_proj", "v_proj", "down_proj"];

let root: string;
let model: LocalModel;
beforeAll(async () => {
  root = await temporaryFolder();
  const folder = await goldenModel(root, "llama-tied-grouped");
  model = await LocalModel.open(folder, { cacheDir: join(root, "cache"), adapted: TARGETS, threads: 1 });
});
afterAll(async () => {
  await model.close();
  await rm(root, { recursive: true, force: true });
});

const PROMPTS = ["The Red Comet?", "The Old Harbour of the Night?"];
const OPTIONS: PpoOptions = {
  lora: { rank: 2, alpha: 4, targets: TARGETS },
  steps: 3,
  batchSize: 10,
  miniBatch: 4,
  maxNewTokens: 4,
  learningRate: 0.01,
  threads: 1,
};

/** The share of an answer's characters that are small letters. */
const smallLetters: Reward = (answers) =>
  answers.map(({ text }) => (text === "" ? 0 : (text.match(/[a-z]/g) ?? []).length / text.length));

function train(changes: Partial<PpoOptions> = {}, reward = smallLetters, controller = new AbortController()) {
  const context = callContext(controller);
  return ppo(model, PROMPTS, reward, { ...OPTIONS, ...changes }, Random.fromSeed(3), context);
}

async function healthLines(file: string): Promise<PpoHealth[]> {
  const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as PpoHealth);
}

describe("a step of PPO", () => {
  it("begins at ratio 1 and KL 0, with the sampler's own log-probabilities, and moves both", async () => {
    const one = { steps: 2, epochs: 1, miniBatch: 10 };
    const { health } = await train(one);
    const [first, second] = health;
    expect(first.training!.drift).toBeLessThan(1e-10);
    expect(first.training!.clipFraction).toBe(0);
    expect(first.kl).toBe(0);
    expect(first.samplerGap).toBeLessThan(1e-5);
    expect(second.samplerGap).toBeLessThan(1e-5);
    // One update each.
    expect([first.updates, second.updates]).toEqual([1, 2]);
    expect(second.training!.drift).toBeLessThan(1e-10);
    expect(second.kl).not.toBe(0);
    // Whitened advantages have mean 0, and the ratio is 1.
    expect(Math.abs(first.training!.policyLoss)).toBeLessThan(1e-6);
  });

  it("values answers from 0 on: the first value loss is half the mean square of the returns", async () => {
    // One token, no price on KL: the token's return is the answer's score.
    const scores: number[] = [];
    const reward: Reward = (answers) => answers.map((_, i) => (scores[i] = 1 + i));
    const { health } = await train(
      { steps: 1, epochs: 1, miniBatch: 10, maxNewTokens: 1, kl: { coefficient: 0 } },
      reward,
    );
    const squares = scores.reduce((sum, score) => sum + score ** 2, 0) / scores.length;
    expect(health[0].training!.valueLoss).toBeCloseTo(squares / 2, 5);
    expect(health[0].reward).toBeCloseTo(5.5, 12);
    expect(health[0].rewardSd).toBeCloseTo(Math.sqrt(8.25), 12);
  });

  it("learns the same from whitened scores, whatever their mean and scale", async () => {
    const scaled: Reward = async (answers, step) =>
      Array.from(await smallLetters(answers, step), (score) => 64 * score - 8);
    const hash = async (whitenScores: boolean, reward: Reward) =>
      adapterHash((await train({ steps: 2, whitenScores }, reward)).adapter);
    const whitened = await train({ steps: 2, whitenScores: true });
    const other = await train({ steps: 2, whitenScores: true }, scaled);
    for (const [module, { b }] of whitened.adapter.pairs) {
      other.adapter.pairs.get(module)!.b.forEach((value, i) => {
        expect(value).toBeCloseTo(b[i], 5);
      });
    }
    expect(await hash(false, scaled)).not.toBe(await hash(false, smallLetters));
  });

  it("calls the reward with the adapter off", async () => {
    const base = model.identity.hash;
    const seen: string[] = [];
    await train({ steps: 2 }, (answers, step) => {
      seen.push(model.identity.hash);
      return smallLetters(answers, step);
    });
    expect(seen).toEqual([base, base]);
    expect(model.identity.hash).toBe(base);
  });
});

describe("a run of PPO", () => {
  it("writes a line of health a step, and ends with the same bytes after a stop", async () => {
    const whole = await train({ checkpoint: { folder: join(root, "whole") } });
    const [folder, file] = [join(root, "stopped"), join(root, "health.jsonl")];
    const controller = new AbortController();
    const stopping: Reward = (answers, step) => {
      if (step === 2) controller.abort();
      return smallLetters(answers, step);
    };
    const options = { checkpoint: { folder }, health: file };
    await expect(train(options, stopping, controller)).rejects.toMatchObject({ kind: "interrupted" });
    expect(await healthLines(file)).toEqual(whole.health.slice(0, 1));
    const resumed = await train(options);
    expect(adapterHash(resumed.adapter)).toBe(adapterHash(whole.adapter));
    expect(resumed.valueHead).toEqual(whole.valueHead);
    expect(await healthLines(file)).toEqual(whole.health);
    expect(whole.health.map(({ step }) => step)).toEqual([1, 2, 3]);
    // Other rewards are another run.
    const other = { ...options, checkpoint: { folder, identity: "other" } };
    await expect(train(other)).rejects.toMatchObject({ code: "OTHER_CHECKPOINT" });
  });

  it("goes on with a policy, whose KL is still to the base", async () => {
    const first = await train();
    const next = await train({ steps: 1, start: first });
    expect(next.health[0].kl).not.toBe(0);
    const last = first.health.at(-1)!;
    expect(Math.abs(next.health[0].kl - last.kl)).toBeLessThan(2);
  });

  it("steers the coefficient: up above the target, down below", async () => {
    const up = await train({ kl: { target: 1e-6, horizon: 100 } });
    const down = await train({ kl: { target: 1e6, horizon: 100, limit: 1e7 } });
    const factors = ({ health }: { health: readonly PpoHealth[] }) => health.map((h) => h.coefficient / 0.2);
    // The first step's KL is 0: below any target.
    expect(factors(down)[2]).toBeCloseTo(0.98 ** 2, 10);
    expect(factors(up)[1]).toBeCloseTo(0.98, 10);
    expect(factors(up)[2]).toBeCloseTo(0.98 * (up.health[1].kl > 0 ? 1.02 : 0.98), 10);
  });
});

describe("PPO stops with the reason", () => {
  const failure = (message: string) => ({
    exit: EXIT.provider,
    code: "PPO_STOPPED",
    message: expect.stringContaining(message) as string,
  });

  it("when the KL runs away", async () => {
    const health = join(root, "runaway.jsonl");
    const run = train({ steps: 50, learningRate: 0.1, health, kl: { coefficient: 0, limit: 1 } });
    await expect(run).rejects.toMatchObject(failure("nats an answer, above the limit of 1"));
    const last = (await healthLines(health)).at(-1)!;
    expect(last.kl).toBeGreaterThan(1);
    expect(last).toMatchObject({ training: null, stopped: expect.stringContaining("KL") as string });
  });

  it("when a reward is not a number", async () => {
    const reward: Reward = (answers) => answers.map((_, i) => (i === 1 ? NaN : 0));
    await expect(train({}, reward)).rejects.toMatchObject(
      failure("step 1: the reward of an answer to prompt"),
    );
  });

  it("when the loss is not a number", async () => {
    const reward: Reward = (answers) => answers.map((_, i) => (i === 1 ? 1e30 : 0));
    await expect(train({}, reward)).rejects.toMatchObject(failure("step 1: training stopped"));
  });

  it("before it begins, when a prompt leaves no room for an answer", async () => {
    const run = train({ maxNewTokens: 50 });
    await expect(run).rejects.toMatchObject({ code: "PROMPT_TOO_LONG", exit: EXIT.provider });
  });

  it("and refuses rewards that are too few", async () => {
    await expect(train({}, () => [1])).rejects.toThrow("1 rewards were given for 10 answers");
  });
});

describe("answers that end at once", () => {
  it("are empty texts with one token to learn from", async () => {
    const texts: string[] = [];
    const { health } = await train(
      {
        steps: 12,
        batchSize: 64,
        miniBatch: 32,
        maxNewTokens: 3,
        kl: { coefficient: 0.001 },
      },
      (answers) => {
        texts.push(...answers.map(({ text }) => text));
        return answers.map(({ text }) => -text.length);
      },
    );
    expect(texts).toContain("");
    const empties = health.reduce((sum, { emptyAnswers }) => sum + emptyAnswers, 0);
    expect(empties).toBe(texts.filter((text) => text === "").length);
    expect(health.at(-1)!.reward).toBeGreaterThan(health[0].reward);
  });
});

describe("promptsOfStep", () => {
  it("gives every prompt once before any comes twice", () => {
    const random = Random.fromSeed(5);
    const chosen = [1, 2, 3, 4, 5].flatMap((step) => promptsOfStep(10, 6, step, random));
    for (let pass = 0; pass < 3; pass++) {
      const seen = chosen.slice(10 * pass, 10 * pass + 10).sort((a, b) => a - b);
      expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
    expect(promptsOfStep(2, 5, 1, random)).toHaveLength(5);
  });
});
