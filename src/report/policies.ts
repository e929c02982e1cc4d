import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** What is shown of a step of PPO: the figures of its health file. */
export interface HealthStep {
  readonly step: number;
  readonly answers: number;
  /** Mean over the step's answers, and their standard deviation. */
  readonly reward: number;
  readonly rewardSd: number;
  readonly kl: number;
}

/** A policy that a run has trained by PPO. */
export interface TrainedPolicy {
  /** What it was rewarded by, in words: `LC`, `LC and IC`, `IC alone`; the stage's own name where its record doesn't say. */
  readonly stage: string;
  /** Whose it is among those of its stage: `seed 1, fold 2`. */
  readonly name: string;
  readonly seed: number | null;
  /** Counted from 1; null where there is one alone, or the run is too old to say. */
  readonly fold: number | null;
  readonly steps: readonly HealthStep[];
}

/** What is read of a stage's record. */
interface StageRecord {
  readonly inputs?: {
    readonly seed?: number;
    readonly start?: string;
    readonly reward?: { readonly reader?: boolean; readonly network?: string };
  };
  readonly about?: { readonly round?: number; readonly fold?: number; readonly folds?: number };
}

/** The order in which stages are shown; any other comes after them. */
const ORDER = ["LC", "LC and IC", "IC alone"];

/** The policies beneath a run's `stages` whose PPO left a `health.jsonl`, in the order of stages, seeds and folds. */
export async function readPolicies(stages: string): Promise<TrainedPolicy[]> {
  const names = existsSync(stages) ? (await readdir(stages)).sort() : [];
  const found = await Promise.all(
    names.map(async (folder) => ({
      folder,
      key: folder.slice(folder.lastIndexOf("-") + 1),
      record: await recordIn(join(stages, folder)),
      steps: await stepsIn(join(stages, folder)),
    })),
  );
  const trained = found.filter(({ steps }) => steps.length > 0);
  const startOf = new Map(trained.map(({ key, record }) => [key, record.inputs?.start]));
  /** The first policy of those that went on from one another: one fold's. */
  const rootOf = (key: string): string => {
    const start = startOf.get(key);
    return start !== undefined && startOf.has(start) ? rootOf(start) : key;
  };
  const policies = trained.map(({ folder, key, record: { inputs, about }, steps }) => ({
    stage: stageOf(folder, inputs?.reward, about?.round ?? 1),
    seed: inputs?.seed ?? null,
    fold: about?.folds === 1 ? null : (about?.fold ?? null),
    key,
    steps,
  }));
  const nameOf = ({ seed, fold }: Pick<TrainedPolicy, "seed" | "fold">) =>
    [...(seed === null ? [] : [`seed ${seed}`]), ...(fold === null ? [] : [`fold ${fold}`])].join(", ");
  return policies
    .map(({ key, ...policy }) => {
      const name = nameOf(policy);
      const isAlone = policies.every(
        (other) => other.key === key || other.stage !== policy.stage || nameOf(other) !== name,
      );
      // Two of one name: another configuration's, or an old run's folds.
      const parts = [
        ...(name === "" ? [] : [name]),
        ...(isAlone && name !== "" ? [] : [rootOf(key).slice(0, 4)]),
      ];
      return { ...policy, name: parts.join(", ") };
    })
    .sort(
      (a, b) =>
        placeOf(a.stage) - placeOf(b.stage) ||
        compare(a.stage, b.stage) ||
        (a.seed ?? 0) - (b.seed ?? 0) ||
        (a.fold ?? 0) - (b.fold ?? 0) ||
        compare(a.name, b.name),
    );
}

function stageOf(
  folder: string,
  reward: NonNullable<StageRecord["inputs"]>["reward"],
  round: number,
): string {
  if (reward === undefined) return folder.slice(0, Math.max(0, folder.lastIndexOf("-"))) || folder;
  const stage = reward.network === undefined ? "LC" : reward.reader === true ? "LC and IC" : "IC alone";
  return round === 1 ? stage : `${stage}, round ${round}`;
}

function placeOf(stage: string): number {
  const place = ORDER.indexOf(stage.replace(/, round \d+$/, ""));
  return place < 0 ? ORDER.length : place;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

async function recordIn(folder: string): Promise<StageRecord> {
  const text = await readFile(join(folder, "stage.json"), "utf8").catch(() => "{}");
  return JSON.parse(text) as StageRecord;
}

async function stepsIn(folder: string): Promise<HealthStep[]> {
  const text = await readFile(join(folder, "health.jsonl"), "utf8").catch(() => "");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as HealthStep);
}

/** How the rewards of some policies' answers moved while they were trained. */
export interface Rise {
  readonly policies: number;
  /** Policies whose reward rose. */
  readonly up: number;
  /** Mean rewards of the first and the last third of the steps, over the policies. */
  readonly first: number;
  readonly last: number;
  readonly difference: number;
  /** The difference over its standard error. */
  readonly z: number;
  /** Of any step. */
  readonly largestKl: number;
}

/**
 * The rise of the reward from the first third of each policy's steps to the last (as many whole steps, one at least), and its mean over the policies. The
 * standard error is that of the answers drawn: each step's mean has the variance of its answers' rewards over their number, and all are
 * independent. NaN where the policies have no two steps.
 */
export function riseOf(policies: readonly Pick<TrainedPolicy, "steps">[]): Rise {
  const thirds = policies.map(({ steps }) => {
    const length = Math.max(1, Math.floor(steps.length / 3));
    const [first, last] = [steps.slice(0, length), steps.slice(-length)];
    const error = [first, last].reduce((sum, third) => sum + squaredError(third), 0);
    return {
      first: mean(first.map(({ reward }) => reward)),
      last: mean(last.map(({ reward }) => reward)),
      error,
    };
  });
  const [first, last] = [mean(thirds.map((own) => own.first)), mean(thirds.map((own) => own.last))];
  const error = Math.sqrt(thirds.reduce((sum, own) => sum + own.error, 0)) / thirds.length;
  const isKnown = policies.every(({ steps }) => steps.length > 1);
  return {
    policies: policies.length,
    up: thirds.filter((own) => own.last > own.first).length,
    ...{ first, last, difference: last - first },
    z: isKnown ? (last - first) / error : NaN,
    largestKl: Math.max(...policies.flatMap(({ steps }) => steps.map(({ kl }) => kl))),
  };
}

/** Of the mean of some steps' mean rewards. */
function squaredError(steps: readonly HealthStep[]): number {
  return steps.reduce((sum, { rewardSd, answers }) => sum + rewardSd ** 2 / answers, 0) / steps.length ** 2;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
