import { appendFile } from "node:fs/promises";
import { fileError, writeAtomically } from "../../../core/files.js";

/** How a step of PPO went: one line of the health file. Means over the step's answers or tokens. */
export interface PpoHealth {
  /** Counted from 1. */
  readonly step: number;
  /** Gradient steps so far. */
  readonly updates: number;
  readonly answers: number;
  readonly tokens: number;
  /** Answers whose text is empty. */
  readonly emptyAnswers: number;
  /** Answers cut at the length limit. */
  readonly cutAnswers: number;
  /** Mean score of an answer, without the KL's price. */
  readonly reward: number;
  readonly rewardSd: number;
  /** Mean over answers of sum of log pi - log pi_base, in nats. */
  readonly kl: number;
  /** The price of a nat of KL in this step. */
  readonly coefficient: number;
  /** Mean over tokens, in nats. */
  readonly entropy: number;
  /** Mean over tokens of |log p of the sampler - log p of the training graph|: near 0 but for quantised weights. */
  readonly samplerGap: number;
  /** What the updates saw; null in a step that was stopped before them. */
  readonly training: PpoTrainingHealth | null;
  /** Why the run stopped here; null if it didn't. */
  readonly stopped: string | null;
}

/** Means over the gradient steps of a step. */
export interface PpoTrainingHealth {
  readonly loss: number;
  readonly policyLoss: number;
  readonly valueLoss: number;
  readonly clipFraction: number;
  readonly valueClipFraction: number;
  /** Mean of (log pi - log pi_old)² / 2. */
  readonly drift: number;
  /** Before clipping. */
  readonly gradientNorm: number;
}

const line = (health: PpoHealth) => JSON.stringify(health) + "\n";

/** The health file: JSON lines, one a step. */
export class HealthFile {
  private constructor(private readonly path: string) {}

  /** Begins the file with the steps that a resumed run has done. */
  static async begin(path: string, done: readonly PpoHealth[]): Promise<HealthFile> {
    await writeAtomically(path, done.map(line).join(""));
    return new HealthFile(path);
  }

  async add(health: PpoHealth): Promise<void> {
    await appendFile(this.path, line(health)).catch((error: unknown) => {
      throw fileError(error, this.path);
    });
  }
}

/** A step in a few words, for the progress line. */
export function healthText({ reward, kl, coefficient, entropy, training }: PpoHealth): string {
  const figures = [
    `reward ${reward.toFixed(3)}`,
    `KL ${kl.toFixed(2)} at ${coefficient.toPrecision(2)}`,
    `entropy ${entropy.toFixed(2)}`,
  ];
  if (training !== null) {
    const { policyLoss, valueLoss, clipFraction } = training;
    figures.push(
      `policy loss ${policyLoss.toFixed(4)}`,
      `value loss ${valueLoss.toFixed(4)}`,
      `${(100 * clipFraction).toFixed(0)} % clipped`,
    );
  }
  return figures.join(", ");
}
