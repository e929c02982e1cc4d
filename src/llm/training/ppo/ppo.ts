import type { numpy as np } from "@jax-js/jax";
import { ProviderError, throwIfInterrupted } from "../../../core/errors.js";
import { hashArrays, hashOf } from "../../../core/hash.js";
import type { Random } from "../../../core/random.js";
import { type Program, program } from "../../../engine/run/program.js";
import type { Tensor } from "../../../engine/run/tensor.js";
import { readCheckpoint, writeCheckpoint } from "../../../engine/train/checkpoint.js";
import { NotFiniteError } from "../../../engine/train/errors.js";
import { miniBatches } from "../../../engine/train/fit.js";
import { adamW } from "../../../engine/train/optimizer.js";
import { createTrainer, type StepResult, type Trainer } from "../../../engine/train/trainer.js";
import { adapterHash, loadedAdapter, type LoraAdapter, newAdapter } from "../../adapter/lora.js";
import { Checkpoint } from "../../checkpoint/checkpoint.js";
import type { CallContext, Prompt } from "../../language-model.js";
import type { LocalModel } from "../../local/local-model.js";
import { loraTensors, weightTensors, withTensors } from "../sft.js";
import { type BatchSizes, type Experience, experienceBatch, numbersOfRow, tokenBatch } from "./batch.js";
import { gae, tokenRewards } from "./gae.js";
import { HealthFile, healthText, type PpoHealth, type PpoTrainingHealth } from "./health.js";
import { nextCoefficient } from "./kl-control.js";
import {
  type PolicyTensors,
  type PpoBatch,
  ppoLoss,
  type ScoreInputs,
  tokenScores,
  type TokenScores,
  type ValueHead,
  zeroValueHead,
} from "./policy.js";
import { healthBefore, type Observed, reasonToStop, type TokenNumbers } from "./observed.js";
import { promptsOfStep, rollOut, type Rollout } from "./rollout.js";
import { type PpoOptions, type PpoSettings, ppoSettings, type Reward } from "./settings.js";
import { whiten } from "./whiten.js";

export interface PpoResult {
  readonly adapter: LoraAdapter;
  readonly valueHead: ValueHead;
  /** One entry a step. */
  readonly health: readonly PpoHealth[];
}

/** Where a run stands. */
interface PpoPosition {
  readonly coefficient: number;
  readonly health: readonly PpoHealth[];
}

type PolicyTrainer = Trainer<PolicyTensors, PpoBatch<np.Array>, Record<string, Tensor>>;

/**
 * Trains a LoRA adapter by proximal policy optimisation (Schulman et al. 2017) with a price on the KL to the frozen base (Ziegler et
 * al. 2019): in each step answers are drawn, scored by the reward, and learnt from. The same seed and the same rewards give the same
 * adapter, also after a stop.
 * @param model - opened with all projections of the adapter among its `adapted`; left with its adapter off.
 * @throws ProviderError (exit 4) with the reason when the KL runs away or a reward, a loss or a gradient is not finite.
 */
export async function ppo(
  model: LocalModel,
  prompts: readonly Prompt[],
  reward: Reward,
  options: PpoOptions,
  random: Random,
  context: CallContext,
): Promise<PpoResult> {
  if (prompts.length === 0) throw new RangeError("ppo: there are no prompts");
  const checkpoint = await Checkpoint.open(model.folder);
  let run: PpoRun | undefined;
  try {
    const weights = await weightTensors(checkpoint);
    const adapter =
      options.start?.adapter ?? newAdapter(checkpoint.config, options.lora, random.fork("adapter"));
    run = new PpoRun({
      model,
      prompts,
      reward,
      options,
      random,
      context,
      adapter,
      weights,
      config: checkpoint.config,
      baseHash: await checkpoint.hash(),
      sizes: await batchSizes(model, prompts, options),
    });
    return await run.go();
  } finally {
    model.useAdapter(undefined);
    await run?.release();
    await checkpoint.close();
  }
}

/** @throws ProviderError naming the first prompt that leaves no room for an answer. */
async function batchSizes(
  model: LocalModel,
  prompts: readonly Prompt[],
  { miniBatch, maxNewTokens }: PpoOptions,
): Promise<BatchSizes> {
  const tokenizer = await model.tokenizer();
  let longest = 0;
  prompts.forEach((prompt, i) => {
    const { length } = tokenizer.encodePrompt(prompt);
    if (length + maxNewTokens > model.contextLength) {
      throw new ProviderError(
        "PROMPT_TOO_LONG",
        `prompt ${i} has ${length} tokens and ${maxNewTokens} more, but ${model.identity.name} takes ${model.contextLength}`,
        { hint: "Shorten the history in the prompt, or ask for fewer new tokens." },
      );
    }
    longest = Math.max(longest, length);
  });
  return { rows: miniBatch, length: longest + maxNewTokens, answer: maxNewTokens };
}

interface PpoParts {
  readonly model: LocalModel;
  readonly prompts: readonly Prompt[];
  readonly reward: Reward;
  readonly options: PpoOptions;
  readonly random: Random;
  readonly context: CallContext;
  readonly adapter: LoraAdapter;
  readonly weights: Record<string, Tensor>;
  readonly config: Checkpoint["config"];
  readonly baseHash: string;
  readonly sizes: BatchSizes;
}

class PpoRun {
  private readonly settings: PpoSettings;
  private readonly trainer: PolicyTrainer;
  private readonly scorer: Program<ScoreInputs<np.Array>, TokenScores<np.Array>>;
  private readonly pad: number;
  private position: PpoPosition;

  constructor(private readonly parts: PpoParts) {
    const { options, config, adapter, weights } = parts;
    const settings = (this.settings = ppoSettings(options));
    const [{ scale }] = [...adapter.pairs.values()];
    const form = { config, scale };
    const device = options.threads === undefined ? {} : { threads: options.threads };
    this.position = { coefficient: settings.kl.coefficient, health: [] };
    this.pad = config.padToken ?? config.endTokens.at(0) ?? 0;
    this.trainer = createTrainer({
      name: "PPO",
      parameters: {
        lora: loraTensors(adapter),
        value: options.start?.valueHead ?? zeroValueHead(config.hiddenSize),
      },
      fixed: weights,
      optimizer: adamW({ learningRate: settings.learningRate, weightDecay: settings.weightDecay }),
      clipNorm: settings.clipNorm,
      ...device,
      loss: (policy, batch: PpoBatch<np.Array>, fixed) => ppoLoss(form, settings, policy, batch, fixed),
    });
    this.scorer = program((inputs) => tokenScores(form, inputs), {
      name: "PPO's log-probabilities",
      ...device,
    });
  }

  async release(): Promise<void> {
    await this.trainer.release();
    await this.scorer.release();
  }

  async go(): Promise<PpoResult> {
    const { options, context } = this.parts;
    await this.resume();
    const file =
      options.health === undefined ? undefined : await HealthFile.begin(options.health, this.position.health);
    const line = context.progress.start("PPO", options.steps);
    try {
      while (this.position.health.length < options.steps) {
        const health = await this.step(this.position.health.length + 1);
        await file?.add(health);
        line.update(health.step, healthText(health));
        if (health.stopped !== null) throw this.stop(health.step, health.stopped);
        this.advance(health);
        await this.save();
      }
    } finally {
      line.end();
    }
    const { value } = this.trainer.parameters;
    return {
      adapter: this.adapterNow(),
      valueHead: { weight: copy(value.weight), bias: copy(value.bias) },
      health: this.position.health,
    };
  }

  private adapterNow(): LoraAdapter {
    return withTensors(this.parts.adapter, this.trainer.parameters.lora);
  }

  private stop(step: number, reason: string): ProviderError {
    const { checkpoint, health } = this.parts.options;
    const places = [
      ...(checkpoint === undefined ? [] : [`The last good state is in ${checkpoint.folder}.`]),
      ...(health === undefined ? [] : [`The figures of all steps are in ${health}.`]),
    ];
    return new ProviderError("PPO_STOPPED", `PPO stopped at step ${step}: ${reason}`, {
      hint: ["Lower the learning rate, raise the KL coefficient, or look at the rewards.", ...places].join(
        " ",
      ),
    });
  }

  /** Everything that the result depends on, but for the number of steps. */
  private identity(): unknown {
    const { baseHash, prompts, random, options } = this.parts;
    const { lora, batchSize, miniBatch, maxNewTokens, stop = [], start, checkpoint } = options;
    const { gamma, lambda, clip, valueClip, valueCoefficient, whitenScores, epochs, kl } = this.settings;
    return {
      ...this.trainer.identity(),
      base: baseHash,
      prompts: hashOf(prompts),
      random: random.state(),
      adapter: { lora, start: start === undefined ? null : startHash(start) },
      sizes: { batchSize, miniBatch, maxNewTokens, stop },
      settings: {
        gamma,
        lambda,
        clip,
        valueClip,
        valueCoefficient,
        whitenScores,
        epochs,
        kl: { ...kl, horizon: String(kl.horizon) },
      },
      rewards: checkpoint?.identity ?? null,
    };
  }

  private async resume(): Promise<void> {
    const { checkpoint } = this.parts.options;
    if (checkpoint === undefined) return;
    const found = await readCheckpoint<PpoPosition>(checkpoint.folder, this.identity());
    if (found === undefined) return;
    this.trainer.restore(found.state, checkpoint.folder);
    this.position = found.position;
  }

  private async save(): Promise<void> {
    const { checkpoint } = this.parts.options;
    if (checkpoint === undefined) return;
    await writeCheckpoint<PpoPosition>(checkpoint.folder, {
      run: this.identity(),
      position: this.position,
      state: this.trainer.snapshot(),
      best: null,
    });
  }

  private advance(health: PpoHealth): void {
    const { kl, answers } = health;
    this.position = {
      coefficient: nextCoefficient(this.position.coefficient, kl, answers, this.settings.kl),
      health: [...this.position.health, health],
    };
  }

  private async step(step: number): Promise<PpoHealth> {
    const observed = await this.observe(step);
    const before = healthBefore(
      { step, updates: this.trainer.step, coefficient: this.position.coefficient },
      observed,
    );
    const reason = reasonToStop(observed, before, this.settings.kl.limit);
    if (reason !== null) return { ...before, stopped: reason };
    try {
      const training = await this.update(step, this.experiences(observed));
      return { ...before, updates: this.trainer.step, training };
    } catch (error) {
      if (!(error instanceof NotFiniteError)) throw error;
      return { ...before, stopped: error.message };
    }
  }

  private async observe(step: number): Promise<Observed> {
    const { model, prompts, options, random, context, reward } = this.parts;
    throwIfInterrupted(context.signal);
    const draws = random.fork(`step/${step}`);
    const chosen = promptsOfStep(prompts.length, options.batchSize, step, random);
    model.useAdapter(loadedAdapter(this.adapterNow(), "policy"));
    const rollouts = await rollOut(model, prompts, chosen, options, draws, context);
    model.useAdapter(undefined);
    const rewards = Float64Array.from(
      await reward(
        rollouts.map(({ prompt, text }) => ({ prompt, text })),
        step,
      ),
    );
    if (rewards.length !== rollouts.length) {
      throw new Error(`ppo: ${rewards.length} rewards were given for ${rollouts.length} answers`);
    }
    return { rollouts, rewards, scores: await this.scores(rollouts) };
  }

  /** Log-probabilities from the training graph, not the sampler's: the ratio to them is 1 at the first update. */
  private async scores(rollouts: readonly Rollout[]): Promise<TokenNumbers[]> {
    const { sizes, weights, context } = this.parts;
    const found: TokenNumbers[] = [];
    for (let from = 0; from < rollouts.length; from += sizes.rows) {
      throwIfInterrupted(context.signal);
      const rows = rollouts.slice(from, from + sizes.rows).map(({ row }) => row);
      const { tokens, places, targets } = tokenBatch(rows, sizes, this.pad);
      const policy = this.trainer.parameters;
      const outputs = await this.scorer.run({ policy, weights, batch: { tokens, places, targets } });
      const pick = (tensor: Tensor, r: number) => numbersOfRow(tensor.data, r, rows[r], sizes);
      rows.forEach((_, r) => {
        found.push({
          logProbs: pick(outputs.logProbs, r),
          baseLogProbs: pick(outputs.baseLogProbs, r),
          values: pick(outputs.values, r),
          entropies: pick(outputs.entropies, r),
        });
      });
    }
    return found;
  }

  private experiences({ rollouts, rewards, scores }: Observed): Experience[] {
    const [earned] = this.settings.whitenScores ? whiten([rewards]) : [rewards];
    const estimates = scores.map(({ logProbs, baseLogProbs, values }, i) => {
      const { coefficient } = this.position;
      return gae(tokenRewards(logProbs, baseLogProbs, earned[i], coefficient), values, this.settings);
    });
    const advantages = whiten(estimates.map((estimate) => estimate.advantages));
    return rollouts.map(({ row }, i) => ({
      row,
      logProbs: scores[i].logProbs,
      values: scores[i].values,
      advantages: advantages[i],
      returns: estimates[i].returns,
    }));
  }

  /** The gradient steps of a step. */
  private async update(step: number, experiences: readonly Experience[]): Promise<PpoTrainingHealth> {
    const { sizes, random, context } = this.parts;
    // An answer without tokens has nothing to learn from.
    const useful = experiences.filter(({ logProbs }) => logProbs.length > 0);
    const results: StepResult[] = [];
    for (let epoch = 1; epoch <= this.settings.epochs; epoch++) {
      for (const members of miniBatches(useful.length, sizes.rows, random.fork(`update/${step}/${epoch}`))) {
        throwIfInterrupted(context.signal);
        const batch = [...members].map((i) => useful[i]);
        results.push(await this.trainer.train(experienceBatch(batch, sizes, this.pad)));
      }
    }
    const mean = (of: (result: StepResult) => number) =>
      results.reduce((sum, result) => sum + of(result), 0) / results.length;
    return {
      loss: mean(({ loss }) => loss),
      policyLoss: mean(({ metrics }) => metrics.policyLoss),
      valueLoss: mean(({ metrics }) => metrics.valueLoss),
      clipFraction: mean(({ metrics }) => metrics.clipFraction),
      valueClipFraction: mean(({ metrics }) => metrics.valueClipFraction),
      drift: mean(({ metrics }) => metrics.drift),
      gradientNorm: mean(({ gradientNorm }) => gradientNorm),
    };
  }
}

function startHash({ adapter, valueHead }: NonNullable<PpoOptions["start"]>): string {
  const head = valueHead === undefined ? null : hashArrays([valueHead.weight.data, valueHead.bias.data]);
  return hashOf([adapterHash(adapter), head]);
}

function copy({ shape, data }: Tensor): Tensor {
  return { shape, data: data.slice() };
}
