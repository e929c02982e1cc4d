import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { CostMeter } from "../../core/cost.js";
import { UsageError } from "../../core/errors.js";
import { writeJson } from "../../core/files.js";
import { Random } from "../../core/random.js";
import { loadedAdapter } from "../adapter/lora.js";
import { writeAdapter } from "../adapter/peft-files.js";
import { PROJECTIONS } from "../checkpoint/tensors.js";
import type { CallContext } from "../language-model.js";
import { LocalModel } from "../local/local-model.js";
import { modelFolder } from "../open.js";
import { formatModelSpec, type ModelSpec } from "../spec.js";
import type { TrainingPair } from "./batches.js";
import { readPairs } from "./pairs-file.js";
import { finetune } from "./sft.js";

export interface FinetuneRequest {
  readonly model: ModelSpec;
  /** JSONL of pairs. */
  readonly file: string;
  /** Folder of the adapter, which must not hold files of something else. */
  readonly out: string;
  readonly epochs: number;
  readonly rank: number;
  readonly learningRate: number;
  readonly batchSize: number;
  /** Share of the pairs that is not learnt, to see what was. */
  readonly heldOut: number;
  readonly seed: number;
  readonly offline?: boolean;
}

/** What a model makes of the held-out pairs: share whose completion it prefers to the others that occur, by log-probability. */
export interface HeldOut {
  readonly pairs: number;
  /** Null where the completions are no choice: more than {@link MOST_CHOICES} different ones. */
  readonly before: number | null;
  readonly after: number | null;
}

export interface FinetuneReport {
  readonly adapter: string;
  readonly trainedPairs: number;
  /** Mean -log p of a learnt token, epoch by epoch; `validation` over the held-out pairs. */
  readonly epochs: readonly { readonly loss: number; readonly validation: number | null }[];
  /** The epoch that was kept, from 1. */
  readonly keptEpoch: number | null;
  readonly accuracy: HeldOut;
  readonly seconds: number;
}

/** With more different completions the pairs are texts, not answers to choose from. */
const MOST_CHOICES = 20;

/**
 * Trains a LoRA adapter on a file of pairs, and writes it as PEFT does, with `training.json` beside it. A run that was stopped goes on by the same
 * command.
 */
export async function finetuneFile(
  request: FinetuneRequest,
  context: Pick<CallContext, "progress" | "signal">,
): Promise<FinetuneReport> {
  const { out, file, rank, seed } = request;
  const began = performance.now();
  await checkTarget(out);
  const folder = await modelFolder(request.model, context, { ...(request.offline && { offline: true }) });
  const random = Random.fromSeed(seed);
  const { learnt, heldOut } = splitPairs(await readPairs(file), request.heldOut, random.fork("held-out"));
  const name = formatModelSpec(request.model);
  const model = await LocalModel.open(folder, { name, progress: context.progress, adapted: PROJECTIONS });
  const checkpoints = join(out, CHECKPOINTS);
  try {
    const tokenizer = await model.tokenizer();
    const accuracy = () => preferred(model, learnt, heldOut, context);
    const before = await accuracy();
    const { adapter, report } = await finetune(
      folder,
      tokenizer,
      learnt,
      {
        lora: { rank, alpha: 2 * rank, targets: PROJECTIONS, dropout: 0.05 },
        epochs: request.epochs,
        batchSize: request.batchSize,
        learningRate: request.learningRate,
        warmup: 0.1,
        schedule: "cosine",
        checkpoint: checkpoints,
        ...(heldOut.length > 0 && { validation: heldOut }),
      },
      random.fork("training"),
      context,
    );
    model.useAdapter(loadedAdapter(adapter, out));
    const after = await accuracy();
    await writeAdapter(out, {
      ...adapter,
      baseName: request.model.kind === "hf" ? request.model.repository : name,
    });
    const result: FinetuneReport = {
      adapter: out,
      trainedPairs: learnt.length,
      epochs: report.epochs.map(({ loss, metric }) => ({ loss, validation: metric })),
      keptEpoch: report.best?.epoch ?? null,
      accuracy: { pairs: heldOut.length, before, after },
      seconds: (performance.now() - began) / 1000,
    };
    await writeJson(join(out, "training.json"), result);
    await rm(checkpoints, { recursive: true, force: true });
    return result;
  } finally {
    await model.close();
  }
}

const CHECKPOINTS = "checkpoints";

/** @throws UsageError where the folder holds an adapter already, or something else. */
async function checkTarget(out: string): Promise<void> {
  if (!existsSync(out)) return;
  const others = (await readdir(out)).filter((name) => name !== CHECKPOINTS);
  if (others.length === 0) return;
  throw new UsageError("FOLDER_NOT_EMPTY", `the folder holds ${others[0]} already`, {
    file: out,
    hint: "Give a new folder with --out.",
  });
}

function splitPairs(
  pairs: readonly TrainingPair[],
  share: number,
  random: Random,
): { learnt: TrainingPair[]; heldOut: TrainingPair[] } {
  const held = new Set(random.sample(pairs.length, Math.floor(share * pairs.length)));
  return {
    learnt: pairs.filter((_, n) => !held.has(n)),
    heldOut: pairs.filter((_, n) => held.has(n)),
  };
}

async function preferred(
  model: LocalModel,
  learnt: readonly TrainingPair[],
  heldOut: readonly TrainingPair[],
  context: Pick<CallContext, "progress" | "signal">,
): Promise<number | null> {
  const continuations = [...new Set([...learnt, ...heldOut].map(({ completion }) => completion))].sort();
  if (heldOut.length === 0 || continuations.length < 2 || continuations.length > MOST_CHOICES) return null;
  const choices = await model.choose(
    heldOut.map(({ prompt }) => ({ prompt, continuations })),
    { ...context, cost: new CostMeter() },
  );
  const right = choices.filter(
    ({ logProbs }, n) => continuations[logProbs.indexOf(Math.max(...logProbs))] === heldOut[n].completion,
  );
  return right.length / heldOut.length;
}

/** A report for a person. */
export function formatFinetuning({
  adapter,
  trainedPairs,
  epochs,
  keptEpoch,
  accuracy,
  seconds,
}: FinetuneReport): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const lines = [`adapter: ${adapter}`, `${trainedPairs} pairs learnt in ${seconds.toFixed(0)} s`];
  epochs.forEach(({ loss, validation }, n) => {
    const held = validation === null ? "" : `, held out ${validation.toFixed(4)}`;
    const kept = n + 1 === keptEpoch ? " (kept)" : "";
    lines.push(`epoch ${n + 1}: loss ${loss.toFixed(4)}${held}${kept}`);
  });
  const { pairs, before, after } = accuracy;
  if (before !== null && after !== null)
    lines.push(
      `right answers among ${pairs} held-out pairs: ${percent(before)} before, ${percent(after)} after`,
    );
  return lines.join("\n");
}
